/** Why something cannot be done with a file, in the words of SFTP and of people. Pure. */

/** RFC draft-ietf-secsh-filexfer-02, 7. */
export const statuses = {
  ok: 0,
  'end-of-file': 1,
  'no-such-file': 2,
  'permission-denied': 3,
  failure: 4,
  unsupported: 8,
} as const
export type Status = keyof typeof statuses

export class FileProblem extends Error {
  readonly status: Status

  constructor(status: Status, sentence: string) {
    super(sentence)
    this.status = status
  }
}

/** @param said by busybox: `mkdir: can't create directory '/x': Permission denied` */
export function problemOf(said: string): FileProblem {
  const [first = ''] = said.trim().split('\n')
  const why = first.replace(/^(sh|[a-z]+): /, '').slice(0, 300) || 'It failed.'
  if (/No such file or directory$|Not a directory$|nonexistent directory$/.test(first))
    return new FileProblem('no-such-file', why)
  if (/Permission denied$|Operation not permitted$|Read-only file system$/.test(first))
    return new FileProblem('permission-denied', why)
  return new FileProblem('failure', why)
}
