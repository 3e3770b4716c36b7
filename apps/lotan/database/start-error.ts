/** What to do where the start fails at the database's file; the error's own words else. */
export function startErrorWords(error: unknown, file: string): string {
  const { code, message } = error as Error & { code?: string }
  const what = advice.find(([codes]) => codes.test(code ?? ''))?.[1]
  return what ? `the database ${file} ${what} (${message})` : message
}

const advice: [codes: RegExp, what: string][] = [
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/,
    'cannot be written: make it, the files beside it and their directory writable for the user that runs Lotan',
  ],
  [/^SQLITE_FULL/, 'cannot be written: make room on its disk'],
  [/^SQLITE_(BUSY|LOCKED)/, 'is locked by another program: end that, or wait until it is done'],
  [/^SQLITE_IOERR/, 'cannot be read or written: look at its disk (dmesg)'],
]
