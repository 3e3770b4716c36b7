import type { X509Certificate } from 'node:crypto'
import { findings, type Finding } from './finding.ts'

const DAY_MS = 86_400_000

/** In words for the operator, from a week before. @param validTo as an X509Certificate has it */
export function endOf(validTo: string, now: number): string | undefined {
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS)
  if (days < 0) return `the certificate ended on ${validTo}: browsers refuse it until it is renewed`
  return days < 7 ? `the certificate ends on ${validTo}; Lotan takes a renewed one over by itself` : undefined
}

type Dated = Pick<X509Certificate, 'subjectAltName' | 'subject' | 'validFrom' | 'validTo'>

/** By its dates. */
export function judgeCertificate({ subjectAltName, subject, validFrom, validTo }: Dated, now: number): Finding {
  const { ok, warning, failure } = findings('certificate')
  if (Date.parse(validFrom) > now)
    return failure(`the certificate is valid from ${validFrom} on`, "correct this machine's clock, or use another one")
  const ends = endOf(validTo, now)
  if (ends) return (Date.parse(validTo) < now ? failure : warning)(ends, 'renew it: Lotan takes it over by itself')
  return ok(`for ${(subjectAltName ?? subject).replaceAll('DNS:', '')}, until ${validTo}`)
}
