/** `${LOTAN_SECRET_X}` of a stack: kept nowhere, made of the instance's key and the preview's salt. Pure. */
import { createHmac } from 'node:crypto'

/** 32 letters and digits, which need no quoting in addresses and shells. */
const LENGTH = 32

/** The same for the same key, salt and name: a copy of the data that has the salt opens with the same passwords. */
export function stackSecret(key: string, salt: string, name: string): string {
  const characters = createHmac('sha512', key)
    .update(`${salt}:${name}`)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '')
  return characters.slice(0, LENGTH)
}
