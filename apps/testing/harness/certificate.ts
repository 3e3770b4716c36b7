/** A certificate that only its own test trusts. */
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @param address the IP address it is for */
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

export type Authority = Awaited<ReturnType<typeof makeAuthority>>

export async function makeAuthority(dir: string) {
  const authority = path.join(dir, 'authority.pem')
  const authorityKey = path.join(dir, 'authority.key')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const isOne = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign']
  const about = ['-subj', '/CN=Lotan test authority', '-days', '2']
  await run('openssl', ['req', '-x509', ...curve, '-keyout', authorityKey, '-out', authority, ...about, ...isOne])
  let issued = 0

  return {
    file: authority,

    /** @returns two new files, and the serial number as browsers show it */
    async issue(hosts: string[]): Promise<{ certificate: string; key: string; serial: string }> {
      const name = path.join(dir, `issued-${++issued}`)
      const [certificate, key, request, names] = ['.pem', '.key', '.csr', '.cnf'].map((end) => name + end) as [
        string,
        string,
        string,
        string,
      ]
      const serial = `0x${(0x1000 + issued).toString(16)}`
      await fs.writeFile(names, `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}\n`)
      await run('openssl', ['req', ...curve, '-keyout', key, '-out', request, '-subj', '/CN=lotan-test'])
      const by = ['-CA', authority, '-CAkey', authorityKey, '-set_serial', serial]
      await run('openssl', [
        'x509',
        '-req',
        '-in',
        request,
        '-out',
        certificate,
        ...by,
        '-days',
        '2',
        '-extfile',
        names,
      ])
      return { certificate, key, serial: serial.slice(2).toUpperCase() }
    },
  }
}
