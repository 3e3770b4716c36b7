/** A certificate that only its own test trusts. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Makes one, and its key, in a directory. @param address the IP address it is for */
export async function makeCertificate(
  dir: string,
  address = '127.0.0.1',
): Promise<{ certificate: string; key: string }> {
  const certificate = path.join(dir, 'certificate.pem')
  const key = path.join(dir, 'key.pem')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=lotan-test', '-addext', `subjectAltName=IP:${address}`, '-days', '2']
  await run('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, ...names])
  return { certificate, key }
}
