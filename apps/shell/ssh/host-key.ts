/** What tells this server from any other: made once, and kept in the data directory. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import path from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'
import { kept } from '../../shared/config/data-dir.ts'
import { fingerprintOf } from './keys/key-blob.ts'

/** As `ssh-keygen` writes one. */
const FORM = /^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END OPENSSH PRIVATE KEY-----$/

export interface HostKey {
  private: string
  /** `SHA256:…`: what clients show. */
  fingerprint: string
}

/** Concurrent processes all get the same. @throws where it cannot be read, or is damaged */
export function hostKeyIn(dataDir: string): HostKey {
  const file = path.join(dataDir, 'ssh-host-key')
  const text = `${kept(file, FORM, makeHostKey)}\n`
  const key: ParsedKey | Error = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw new Error(`the file ${file} is damaged: remove it, and a new one is made`)
  return { private: text, fingerprint: fingerprintOf(key.getPublicSSH()) }
}

/** As OpenSSH writes it (PROTOCOL.key), without a passphrase. One in 375 of those that ssh2 makes is damaged. */
export function makeHostKey(): string {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const [open, secret] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')]
  const type = field('ssh-ed25519')
  const check = randomBytes(4)
  const inner = Buffer.concat([check, check, type, field(open), field(Buffer.concat([secret, open])), field('lotan')])
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, at) => at + 1))
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[field('none'), field('none'), field(''), Buffer.from([0, 0, 0, 1])],
    field(Buffer.concat([type, field(open)])),
    field(Buffer.concat([inner, padding])),
  ])
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n')
}

/** RFC 4251, 5. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
