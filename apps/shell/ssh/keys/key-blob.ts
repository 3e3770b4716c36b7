/** A public key as SSH sends it (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4): what it is, and whether it can be used. Pure. */
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto'

const curves: Record<string, { name: string; crv: string; bytes: number }> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', crv: 'P-256', bytes: 32 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', crv: 'P-384', bytes: 48 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', crv: 'P-521', bytes: 66 },
}

export const keyTypes: readonly string[] = ['ssh-ed25519', ...Object.keys(curves), 'ssh-rsa']

/** NIST SP 800-131A allows no fewer. */
const LEAST_RSA_BITS = 2_048

/** `SHA256:…`, as `ssh-keygen -l` writes it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** @returns what is wrong with it, for a message; undefined where it can be used */
export function whyNoKey(type: string, blob: Buffer): string | undefined {
  const fields = fieldsOf(blob)
  if (fields?.[0]?.toString('latin1') !== type) return `is damaged: what follows ${type} is no such key`
  const jwk = jwkOf(type, fields)
  if (!jwk) return `is damaged: what follows ${type} is no such key`
  if (type === 'ssh-rsa' && bitsOf(fields[2]!) < LEAST_RSA_BITS)
    return `is an RSA key of ${bitsOf(fields[2]!)} bits: ${LEAST_RSA_BITS} are the least`
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
    return undefined
  } catch {
    return `is damaged: what follows ${type} is no such key`
  }
}

function jwkOf(type: string, fields: Buffer[]): JsonWebKey | undefined {
  const curve = curves[type]
  if (type === 'ssh-ed25519') {
    const [, x] = fields
    return fields.length === 2 && x?.length === 32
      ? { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }
      : undefined
  }
  if (type === 'ssh-rsa') {
    const [, e, n] = fields
    return fields.length === 3 && e && n ? { kty: 'RSA', e: numberIn(e), n: numberIn(n) } : undefined
  }
  if (!curve) return undefined
  const [, name, point] = fields
  const { crv, bytes } = curve
  // 4: both coordinates follow.
  if (fields.length !== 3 || name?.toString('latin1') !== curve.name) return undefined
  if (point?.length !== 1 + 2 * bytes || point[0] !== 4) return undefined
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)]
  return { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') }
}

/** RFC 4251, 5: four bytes of length, and so many bytes. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = []
  let at = 0
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) return undefined
    fields.push(blob.subarray(at + 4, end))
    at = end
  }
  return fields
}

function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first]!) + 24
}

/** A number has a zero in front where it would be read as a negative one. */
function numberIn(bytes: Buffer): string {
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first).toString('base64url')
}
