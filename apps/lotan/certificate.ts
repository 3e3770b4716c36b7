/** The certificate of LOTAN_TLS_CERT: whether it can be used, and when it is another one. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { Config, Problem } from '../shared/config.ts'
import type { Say } from './console.ts'

const LOOK_MS = 5_000

/** What is wrong with certificate and key, so that no browser would take them. Nothing where there is none. */
export function certificateProblems({ tls, domain }: Pick<Config, 'tls' | 'domain'>): Problem[] {
  if (!tls) return []
  const certificate = attempt('LOTAN_TLS_CERT', tls.certificate, (pem) => new X509Certificate(pem))
  const key = attempt('LOTAN_TLS_KEY', tls.key, createPrivateKey)
  const unread = [certificate, key].flatMap((read) => ('problem' in read ? [read.problem] : []))
  if (!('value' in certificate) || !('value' in key)) return unread
  if (!certificate.value.checkPrivateKey(key.value))
    return [{ variable: 'LOTAN_TLS_KEY', problem: `is not the key of ${tls.certificate}` }]
  const hosts = [domain, `any.${domain}`].filter((host) => !certificate.value.checkHost(host))
  if (hosts.length === 0) return []
  const problem = `is not for ${hosts.join(' nor for ')}: use one for ${domain} and *.${domain}`
  return [{ variable: 'LOTAN_TLS_CERT', problem }]
}

/** Words for the operator where the certificate's time is over, or nearly; undefined where it is not, or there is none. */
export function whatEnds({ tls }: Pick<Config, 'tls'>, now: number): string | undefined {
  if (!tls) return undefined
  const { validTo } = new X509Certificate(fs.readFileSync(tls.certificate))
  const days = Math.floor((Date.parse(validTo) - now) / 86_400_000)
  if (days < 0) return `the certificate ended on ${validTo}: browsers refuse it until it is renewed`
  return days < 7 ? `the certificate ends on ${validTo}; Lotan takes a renewed one over by itself` : undefined
}

/**
 * Calls back when the files are others and good. Others that are no good are said to be, and the old ones serve on.
 * @returns stops it
 */
export function followCertificate(config: Pick<Config, 'tls' | 'domain'>, say: Say, renewed: () => void): () => void {
  const { tls } = config
  if (!tls) return () => {}
  let seen = markOf([tls.certificate, tls.key])
  const timer = setInterval(() => {
    const mark = markOf([tls.certificate, tls.key])
    if (mark === seen) return
    seen = mark
    const [problem] = certificateProblems(config)
    if (problem) return say(`the renewed certificate is not used: ${problem.variable} ${problem.problem}`, 'bad')
    say('the certificate was renewed')
    renewed()
  }, LOOK_MS)
  return () => clearInterval(timer)
}

/** What changes with the content of files, links followed. */
function markOf(files: string[]): string {
  return files
    .map((file) => {
      const { ino = 0, mtimeMs = 0, size = 0 } = fs.statSync(file, { throwIfNoEntry: false }) ?? {}
      return `${ino} ${mtimeMs} ${size}`
    })
    .join(', ')
}

function attempt<T>(variable: string, file: string, read: (pem: Buffer) => T): { value: T } | { problem: Problem } {
  try {
    return { value: read(fs.readFileSync(file)) }
  } catch (error) {
    return { problem: { variable, problem: `is ${file}, which cannot be used: ${(error as Error).message}` } }
  }
}
