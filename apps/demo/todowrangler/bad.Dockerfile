FROM scratch
COPY busybox /bin/busybox
COPY start.sh /start.sh
EXPOSE 80
CMD ["/bin/busybox", "sh", "/start.sh"]
LABEL org.opencontainers.image.title="todowrangler" org.opencontainers.image.created="{{created}}" org.opencontainers.image.revision="{{revision}}"
