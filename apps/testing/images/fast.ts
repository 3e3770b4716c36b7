/** An application that takes as little of the machine as possible: an nginx with one process. */

/** Bytes of what it answers everywhere but at the paths below. */
const PAGE_BYTES = 1024

/** The largest upload. It is kept in memory, so that no disk is measured. */
export const LARGEST_UPLOAD = 16 * 2 ** 20

/**
 * `/` answers at once, `/ballast0` is a file beside the configuration, `/upload` answers once it has read the whole body.
 * @param port on all addresses @param dir where it may write; empty for the root of an image
 */
export function fastConf(port: number, dir = ''): string {
  return `daemon off; master_process off; user root; pid ${dir}/nginx.pid; error_log stderr;
    events { worker_connections 4096; }
    http {
      client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
      uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
      access_log off; sendfile on; keepalive_requests 1000000; client_max_body_size ${LARGEST_UPLOAD};
      server {
        listen ${port};
        location / { return 200 '${'fast'.repeat(PAGE_BYTES / 4)}'; }
        location = /ballast0 { root ${dir}/; }
        location = /upload {
          client_body_buffer_size ${LARGEST_UPLOAD};
          proxy_pass http://127.0.0.1:${port}/;
          proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length "";
        }
      }
    }`
}
