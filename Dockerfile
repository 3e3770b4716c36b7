# The whole of Lotan in one image: docker build -t lotan .
# Only what the classic builder knows: no mounts, no heredocs.

FROM node:24-bookworm-slim AS modules
WORKDIR /lotan
COPY package.json package-lock.json .npmrc ./
# better-sqlite3 brings its binaries for every system there is, and SQLite's source.
RUN npm ci --omit=dev \
  && rm -r node_modules/better-sqlite3/deps \
  && find node_modules/better-sqlite3/prebuilds -type f ! -name 'linux-*' -delete
# The command line as one file, and the terminal in the browser, which Lotan serves; what makes them is not needed any more then.
COPY apps apps
COPY views views
RUN node apps/lotan/install/build-client.ts && node apps/lotan/install/build-terminal.ts \
  && rm -r node_modules/esbuild node_modules/@esbuild node_modules/@xterm

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    busybox-static docker-registry iproute2 iptables libnginx-mod-http-lua nginx-light redis-server tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /etc/nginx/sites-enabled/default
COPY --from=modules /usr/local/bin/node /usr/local/bin/
RUN printf '#!/bin/sh\nexec node /lotan/apps/lotan/main.ts "$@"\n' >/usr/local/bin/lotan && chmod +x /usr/local/bin/lotan
WORKDIR /lotan
COPY --from=modules /lotan/node_modules node_modules
COPY . .
COPY --from=modules /lotan/build build
ENV NODE_ENV=production LOTAN_LISTEN=0.0.0.0:80 LOTAN_DATA_DIR=/data LOTAN_LOG=stdout
# Half of what a start and a health check cost is compiling the sources.
ENV NODE_COMPILE_CACHE=/var/cache/lotan
RUN node apps/lotan/install/keep-compiled.ts
VOLUME /data
EXPOSE 80
# All parts are well, asked through nginx as visitors come in.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "apps/lotan/healthcheck.ts"]
# tini is the first process: what outlives a part that was killed would stay a zombie under Node.
ENTRYPOINT ["tini", "--", "lotan"]
CMD ["up"]
