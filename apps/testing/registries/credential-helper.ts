import fs from 'node:fs/promises'
import path from 'node:path'

/**
 * Writes `docker-credential-NAME`, a real program that speaks the helpers' protocol. @param dir on the PATH @param
 * answer what it prints for this host
 */
export async function writeHelper(dir: string, name: string, host: string, answer: object): Promise<void> {
  const file = path.join(dir, `docker-credential-${name}`)
  const lines = [
    '#!/bin/sh',
    '[ "$1" = get ] || exit 2',
    'host=$(cat)',
    `if [ "$host" != '${host}' ]; then echo 'credentials not found in native keychain'; exit 1; fi`,
    `echo '${JSON.stringify(answer)}'`,
  ]
  await fs.writeFile(file, `${lines.join('\n')}\n`, { mode: 0o755 })
}
