/**
 * Large downloads and uploads, against a bare nginx before the same container: over HTTP, and over TLS with HTTP/2. The
 * bare nginx holds no body back either, and has buffers as large as Lotan's.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeAuthority } from '../../testing/harness/certificate.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { withBareNginx } from '../measure/bare-nginx.ts'
import { inRounds, type Bench } from '../measure/bench.ts'
import { directly, withFast } from '../measure/fast.ts'
import type { Finding } from '../measure/finding.ts'
import { DOWNLOAD_KB, overHttp, overHttp2, speed, type Connection, type Way } from '../measure/transfer.ts'

const ROUNDS = 5
const SECONDS = 1.2
const DOMAIN = 'previews.lotan.localhost'
const HOST = `fast.${DOMAIN}`

const images = { fast: { ballast: DOWNLOAD_KB } }
const unbuffered =
  'proxy_buffering off; proxy_request_buffering off; proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;'

export const transfers: Bench = {
  asks: 'how many megabytes a second go through Lotan, against a bare nginx',
  run: async () => [...(await plain()), ...(await encrypted())],
}

async function plain(): Promise<Finding[]> {
  return withFast({ images, env: { TL_DOMAIN: DOMAIN } }, async ({ lotan }) => {
    await lotan.request('fast')
    return withBareNginx(await directly(lotan, 'fast'), unbuffered, (barePort) =>
      compare('', (port) => overHttp(port, HOST), { lotan: lotan.port, nginx: barePort }),
    )
  })
}

async function encrypted(): Promise<Finding[]> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-bench-tls-'))
  try {
    const authority = await makeAuthority(dir)
    const { certificate, key } = await authority.issue([DOMAIN, `*.${DOMAIN}`])
    const ca = await fs.readFile(authority.file)
    const open = (port: number) => overHttp2(port, HOST, ca)
    const ports = { lotan: await freePort(), nginx: await freePort() }
    const env = {
      TL_DOMAIN: DOMAIN,
      LOTAN_TLS_CERT: certificate,
      LOTAN_TLS_KEY: key,
      LOTAN_TLS_LISTEN: `127.0.0.1:${ports.lotan}`,
      LOTAN_PUBLIC_URL: `https://${DOMAIN}:${ports.lotan}`,
    }
    const tls = `listen 127.0.0.1:${ports.nginx} ssl http2; ssl_certificate ${certificate}; ssl_certificate_key ${key};`
    return await withFast({ images, env }, async ({ lotan }) => {
      await click(open(ports.lotan))
      return withBareNginx(await directly(lotan, 'fast'), `${tls} ${unbuffered}`, () =>
        compare(', TLS and HTTP/2', open, ports),
      )
    })
  } finally {
    await fs.rm(dir, { recursive: true, force: true })
  }
}

async function click(connection: Connection): Promise<void> {
  await connection.transfer('download')
  connection.close()
}

async function compare(
  how: string,
  open: (port: number) => Connection,
  ports: { lotan: number; nginx: number },
): Promise<Finding[]> {
  const through = (port: number, way: Way) => () => speed(() => open(port), way, SECONDS)
  const findings: Finding[] = []
  for (const way of ['download', 'upload'] as const) {
    const { lotan, nginx } = await inRounds(
      { lotan: through(ports.lotan, way), nginx: through(ports.nginx, way) },
      { rounds: ROUNDS, warmUp: 1 },
    )
    findings.push({
      question: `large ${way}${how}`,
      unit: 'MB/s',
      lotan,
      baseline: { name: 'bare nginx', values: nginx },
      by: 'ratio',
      bar: { atLeast: 0.95, aim: 1, better: 'more' },
    })
  }
  return findings
}
