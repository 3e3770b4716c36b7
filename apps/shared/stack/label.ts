/** The image's label `lotan.stack`: YAML, or `gz:` and the base64 of YAML that gzip has packed. Pure. */
import { gunzipSync } from 'node:zlib'
import { MOST_TEXT } from './read-stack.ts'

export const STACK_LABEL = 'lotan.stack'

/** Docker itself loses a label of more than 64 kB. */
const MOST_LABEL = 16_384
const PACKED = 'gz:'

/** @returns the YAML, or what is wrong with the label */
export function unpackLabel(label: string): { text: string } | { problem: string } {
  const isPacked = label.startsWith(PACKED)
  if (Buffer.byteLength(label) > MOST_LABEL)
    return {
      problem: `is longer than ${MOST_LABEL / 1_024} kB${isPacked ? '' : ': write gz:, and gzip and base64 of it'}`,
    }
  if (!isPacked) return { text: label }
  const base64 = label.slice(PACKED.length).replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { problem: 'is no base64 after gz:' }
  try {
    const bytes = gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: MOST_TEXT })
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return { problem: `is longer than ${MOST_TEXT / 1_024} kB once it is unpacked` }
    return {
      problem: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is no UTF-8' : 'is not what gzip makes, after gz:',
    }
  }
}
