import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { Config } from '../../../shared/config/config.ts'
import { certificateProblems, whatEnds } from '../../nginx/certificate.ts'
import { findings, type Finding } from '../finding.ts'

export function checkCertificate(config: Pick<Config, 'tls' | 'domain' | 'publicUrl'>, now: number): Finding[] {
  const { ok, warning, failure } = findings('certificate')
  const { tls } = config
  if (!tls) {
    const inFront = config.publicUrl.protocol === 'https:'
    return [ok(inFront ? 'HTTPS is the business of what stands in front' : 'none: Lotan serves plain HTTP')]
  }
  const problems = certificateProblems(config)
  if (problems.length > 0)
    return problems.map(({ variable, problem }) => failure(`${variable} ${problem}`, `correct ${variable}`))
  const { subjectAltName, subject, validFrom, validTo } = new X509Certificate(fs.readFileSync(tls.certificate))
  const names = (subjectAltName ?? subject).replaceAll('DNS:', '')
  if (Date.parse(validFrom) > now)
    return [
      failure(`the certificate is valid from ${validFrom} on`, "correct this machine's clock, or use another one"),
    ]
  const ends = whatEnds(config, now)
  if (ends) return [(Date.parse(validTo) < now ? failure : warning)(ends, 'renew it: Lotan takes it over by itself')]
  return [ok(`for ${names}, until ${validTo}`)]
}
