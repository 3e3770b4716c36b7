import type { SFTPWrapper } from 'ssh2'

/** What ssh2 keeps to itself. */
interface Inside {
  outgoing: { id: number; state: string }
  _protocol: {
    exitStatus: (channel: number, code: number) => void
    channelExtData: (channel: number, bytes: Buffer, type: number) => void
  }
}

const ERRORS = 1

/** ssh2 ends such a session without a status, which `scp` takes for a failure. @param words for the person, among the errors */
export function endSftp(sftp: SFTPWrapper, code: number, words?: string): void {
  const { outgoing, _protocol: protocol } = sftp as unknown as Inside
  if (outgoing.state !== 'open' && outgoing.state !== 'eof') return
  try {
    if (words !== undefined) protocol.channelExtData(outgoing.id, Buffer.from(`${words}\n`), ERRORS)
    protocol.exitStatus(outgoing.id, code)
    sftp.end()
  } catch {
    // Its connection has gone.
  }
}
