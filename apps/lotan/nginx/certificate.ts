import { createPrivateKey, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { Config, NamedFiles, Problem } from '../../shared/config/config.ts'
import { endOf } from '../../shared/health/certificate.ts'
import { parentsOf } from '../../shared/tag.ts'
import type { Say } from '../console.ts'

const usual = { look: 5_000, remind: 86_400_000 }

type Site = NonNullable<NamedFiles['site']>

/** Why browsers would refuse certificate and key. */
export function certificateProblems({ tls, ...names }: Site): Problem[] {
  if (!tls) return []
  const certificate = attempt('LOTAN_TLS_CERT', tls.certificate, (pem) => new X509Certificate(pem))
  const key = attempt('LOTAN_TLS_KEY', tls.key, createPrivateKey)
  const unread = [certificate, key].flatMap((read) => ('problem' in read ? [read.problem] : []))
  if (!('value' in certificate) || !('value' in key)) return unread
  if (!certificate.value.checkPrivateKey(key.value))
    return [{ variable: 'LOTAN_TLS_KEY', problem: `is not the key of ${tls.certificate}` }]
  const problem = whyNotFor(names, (host) => certificate.value.checkHost(host) !== undefined)
  return problem === undefined ? [] : [{ variable: 'LOTAN_TLS_CERT', problem }]
}

/** A wildcard stands for one label (RFC 9525, 6.3): one for `*.TL_DOMAIN` is not for `TAG.NAME.TL_DOMAIN`. */
function whyNotFor(names: Omit<Site, 'tls'>, covers: (host: string) => boolean): string | undefined {
  const { domain } = names
  const below = parentsOf(names)
  const missing = [domain, ...below.map((parent) => `any.${parent}`)].filter((host) => !covers(host))
  if (missing.length === 0) return undefined
  const wanted = listed([domain, ...below.map((parent) => `*.${parent}`)])
  const isFlatEnough = below.some((parent) => parent !== domain && missing.includes(`any.${parent}`))
  const flat = isFlatEnough ? `, or set LOTAN_HOST_FORM=flat, where one for ${domain} and *.${domain} is enough` : ''
  return `is not for ${missing.join(' nor for ')}: use one for ${wanted}${flat}`
}

function listed(names: string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' and ')
}

/** In words for the operator, from a week before; undefined also where the file cannot be read. */
export function whatEnds({ tls }: Pick<Config, 'tls'>, now: number): string | undefined {
  const read = tls && attempt('LOTAN_TLS_CERT', tls.certificate, (pem) => new X509Certificate(pem))
  if (!read || !('value' in read)) return undefined
  return endOf(read.value.validTo, now)
}

/**
 * Calls back when the files changed and can be used; files that cannot are reported, and the old ones stay in use.
 * Once a day it warns of the end of the certificate in use. @returns stops it
 */
export function followCertificate(
  config: Site,
  say: Say,
  renewed: () => void,
  every: { look: number; remind: number } = usual,
): () => void {
  const { tls } = config
  if (!tls) return () => {}
  let serves = markOf([tls.certificate, tls.key])
  let seen = serves
  const look = () => {
    const mark = markOf([tls.certificate, tls.key])
    if (mark === seen) return
    seen = mark
    if (mark === serves) return // The files were away for a moment.
    const [problem] = certificateProblems(config)
    if (problem) return say(`the renewed certificate is not used: ${problem.variable} ${problem.problem}`, 'bad')
    serves = mark
    say('the certificate was renewed')
    renewed()
  }
  const remind = () => {
    const ends = whatEnds(config, Date.now())
    if (ends) say(ends, 'bad')
  }
  const timers = [setInterval(look, every.look), setInterval(remind, every.remind)]
  return () => timers.forEach(clearInterval)
}

/** Changes with the files' content (links followed), and with whether they can be read. */
function markOf(files: string[]): string {
  return files.map(markOfOne).join(', ')
}

function markOfOne(file: string): string {
  try {
    const { ino, mtimeMs, size } = fs.statSync(file)
    return `${ino} ${mtimeMs} ${size}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  }
}

function attempt<T>(variable: string, file: string, read: (pem: Buffer) => T): { value: T } | { problem: Problem } {
  try {
    return { value: read(fs.readFileSync(file)) }
  } catch (error) {
    return { problem: { variable, problem: `is ${file}, which cannot be used: ${(error as Error).message}` } }
  }
}
