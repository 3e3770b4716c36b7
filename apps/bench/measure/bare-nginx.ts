/** An nginx that does nothing but pass requests on: keepalive on both sides, no log. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { freePort } from '../../testing/harness/ports.ts'
import { request } from '../../testing/clients/http.ts'
import { until } from '../../testing/harness/until.ts'

/**
 * @param upstream `172.30.0.2:80`; several by host
 * @param extra lines of its server, such as a listener with TLS
 */
export async function startBareNginx(upstream: string | Map<string, string>, extra = '') {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-bare-'))
  const port = await freePort()
  const conf = `
    daemon off; user root; worker_processes auto; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 8192; }
    http {
      access_log off;
      keepalive_requests 10000;
      client_max_body_size 0;
      client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
      uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
      ${upstreamsOf(upstream)}
      server {
        listen 127.0.0.1:${port};
        ${extra}
        location / { proxy_pass http://$app; proxy_http_version 1.1; proxy_set_header Connection ""; }
      }
    }`
  await fs.writeFile(path.join(dir, 'nginx.conf'), conf)
  const child = spawn('nginx', ['-p', dir, '-c', path.join(dir, 'nginx.conf'), '-e', path.join(dir, 'error.log')], {
    stdio: 'inherit',
  })
  await until('the bare nginx answers', () => request(port, { host: 'bare' }))
  return {
    port,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await fs.rm(dir, { recursive: true })
    },
  }
}

function upstreamsOf(upstream: string | Map<string, string>): string {
  const byHost = typeof upstream === 'string' ? new Map([['default', upstream]]) : upstream
  const all = [...byHost].map(([host, server], i) => ({ host, server, name: `app${i}` }))
  const groups = all.map(
    ({ name, server }) => `upstream ${name} { server ${server}; keepalive 64; keepalive_requests 100000; }`,
  )
  const names = all.map(({ host, name }) => `${host} ${name};`)
  return `${groups.join('\n')}\nmap_hash_bucket_size 128; map $http_host $app { ${names.join(' ')} }`
}

/** As `startBareNginx`, while `measure` runs. */
export async function withBareNginx<T>(upstream: string, extra: string, measure: (port: number) => Promise<T>) {
  const { port, stop } = await startBareNginx(upstream, extra)
  try {
    return await measure(port)
  } finally {
    await stop()
  }
}
