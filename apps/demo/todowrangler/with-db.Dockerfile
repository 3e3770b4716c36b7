FROM scratch
COPY busybox /bin/busybox
COPY httpd.conf /etc/httpd.conf
COPY index.html todo.css todo.js store.js /www/
COPY items /www/cgi-bin/items
EXPOSE 80
# As process 1 it would not heed SIGTERM, and there is nothing it would have to finish.
STOPSIGNAL SIGKILL
CMD ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www", "-c", "/etc/httpd.conf"]
LABEL lotan.stack="{{stack}}"
LABEL org.opencontainers.image.title="todowrangler" org.opencontainers.image.created="{{created}}" org.opencontainers.image.revision="{{revision}}"
