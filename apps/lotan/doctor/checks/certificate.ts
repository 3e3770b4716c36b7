import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { Config } from '../../../shared/config/config.ts'
import { judgeCertificate } from '../../../shared/health/certificate.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'
import { certificateProblems } from '../../nginx/certificate.ts'

type Named = Pick<Config, 'tls' | 'domain' | 'hostForm' | 'repositories' | 'publicUrl'>

export function checkCertificate(config: Named, now: number): Finding[] {
  const { ok, failure } = findings('certificate')
  const { tls } = config
  if (!tls) {
    const inFront = config.publicUrl.protocol === 'https:'
    return [ok(inFront ? 'HTTPS is the business of what stands in front' : 'none: Lotan serves plain HTTP')]
  }
  const problems = certificateProblems(config)
  if (problems.length > 0)
    return problems.map(({ variable, problem }) => failure(`${variable} ${problem}`, `correct ${variable}`))
  return [judgeCertificate(new X509Certificate(fs.readFileSync(tls.certificate)), now)]
}
