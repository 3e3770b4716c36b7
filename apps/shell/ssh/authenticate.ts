/** By public key alone. Wrong keys are answered late, and after a few of them the connection is cut. */
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from 'ssh2'
import type { Keys } from './keys/watch-keys.ts'
import type { SshKey } from './keys/keys-file.ts'
import type { WrongKeys } from './wrong-keys.ts'
import { fingerprintOf } from './keys/key-blob.ts'

/** As OpenSSH's MaxAuthTries. */
const MOST_TRIES = 6
/** Of other methods: they are refused at once. */
const MOST_OTHER_TRIES = 20

export interface Known {
  key: SshKey
  user: string
}

/** @param known called once, when it is known who it is @param cut ends the connection */
export function authenticate(
  connection: Connection,
  address: string,
  { keys, wrongKeys }: { keys: Keys; wrongKeys: WrongKeys },
  known: (who: Known) => void,
  cut: () => void,
): void {
  const refused: string[] = []
  let user = ''
  let tries = 0
  let others = 0
  let isKnown = false

  connection.on('authentication', (asked) => void answer(asked).catch(cut))
  connection.on('close', () => {
    if (!isKnown && refused.length > 0) wrongKeys.left(address, { user, keys: refused })
  })

  async function answer(asked: AuthContext): Promise<void> {
    user = asked.username.slice(0, 200)
    if (asked.method !== 'publickey') {
      if (++others > MOST_OTHER_TRIES) return cut()
      return asked.reject(['publickey'])
    }
    const key = keyOf(asked, keys)
    if (key && asked.signature === undefined) return asked.accept()
    if (key && isSigned(asked, key)) {
      isKnown = true
      known({ key, user: asked.username })
      return asked.accept()
    }
    refused.push(fingerprintOf(asked.key.data))
    await sleep(wrongKeys.note(address))
    if (++tries >= MOST_TRIES) return cut()
    asked.reject(['publickey'])
  }
}

/** A signature with SHA-1 has no `hashAlgo`. */
function keyOf({ key: { algo, data }, hashAlgo }: PublicKeyAuthContext, keys: Keys): SshKey | undefined {
  const key = keys.find(data)
  return key?.type === algo && (algo !== 'ssh-rsa' || hashAlgo !== undefined) ? key : undefined
}

function isSigned({ blob, signature, hashAlgo }: PublicKeyAuthContext, { type, blob: data }: SshKey): boolean {
  const key = ssh2.utils.parseKey(`${type} ${data.toString('base64')}`)
  if (key instanceof Error || !blob || !signature) return false
  // An Error where it cannot be verified.
  const verified: unknown = key.verify(blob, signature, hashAlgo)
  return verified === true
}
