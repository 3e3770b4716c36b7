import { refusalOf, RegistryError, unreachable } from './error.ts'

const MB = 1_000_000

const MAX_BYTES = MB

/** Counts unpacked bytes, and reads no further than `most`. @throws RegistryError `registry-down` */
export async function bytesOf(response: Response, most: number, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > most) throw tooLong(response, most, what)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof RegistryError ? error : unreachable(new URL(response.url), error)
  }
  return Buffer.concat(chunks)
}

/** The object's content is unchecked. @throws RegistryError */
export async function json(response: Response, what: string, most = MAX_BYTES): Promise<Record<string, unknown>> {
  const refusal = refusalOf(response, what)
  if (refusal) {
    void response.body?.cancel().catch(() => {})
    throw refusal
  }
  return objectIn(await bytesOf(response, most, what), response, what)
}

export function objectIn(bytes: Buffer, response: Response, what: string): Record<string, unknown> {
  const { host } = new URL(response.url)
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    // The parser's own words repeat what it read, perhaps a token.
    throw new RegistryError('registry-down', `${host} answered ${what} with invalid JSON`, { status: response.status })
  }
  if (isObject(value)) return value
  throw new RegistryError('registry-down', `${host} answered ${what} with JSON that is no object`, {
    status: response.status,
  })
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tooLong({ url, status }: Response, most: number, what: string): RegistryError {
  return new RegistryError('registry-down', `${new URL(url).host} sent more than ${most / MB} MB for ${what}`, {
    status,
  })
}
