/** One session channel of a connection: what it asks for first, and then one thing that it talks to. */
import type { Session } from 'ssh2'
import type { ShellContext } from '../context.ts'
import type { Talk } from '../sessions/talk.ts'
import { serveSftp } from '../files/sftp.ts'
import { openChannel, type SessionChannel, type Terminal } from './channel.ts'
import { checkRights, type Client } from './client.ts'
import { enterFiles } from './enter-files.ts'
import { printMenu, showMenu } from './menu/menu.ts'
import { readUserName } from './user-name.ts'
import { visit, type Visit, type VisitEnd } from './visit.ts'

/** As sshd's AcceptEnv of Debian; TERM comes with a terminal too. */
const TAKEN = /^(TERM|LANG|LC_[A-Z_]{1,30})$/
const MOST_VALUE = 256
const MOST_VARIABLES = 20
/** ssh's own, for what is no status of a command. */
const REFUSED = 255
const INTERRUPTED = 130

/** @param tells takes who tells its client lines about other channels of the connection */
export function serveSession(
  context: ShellContext,
  client: Client,
  session: Session,
  tells: Set<(line: string) => void>,
): void {
  const env = new Map<string, string>()
  const closed = new AbortController()
  const left = AbortSignal.any([client.left, closed.signal])
  let terminal: Terminal | null = null
  let talk: Pick<Talk, 'resize' | 'signal'> | null = null
  let draw = () => {}
  let hasBegun = false

  session.on('close', () => closed.abort())
  session.on('pty', (accept, reject, { term, cols, rows }) => {
    if (hasBegun) return void reject?.()
    terminal = { name: /^[\w.+-]{1,64}$/.test(term) ? term : 'dumb', size: sizeOf(cols, rows) }
    accept?.()
  })
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    accept?.()
    if (!terminal) return
    terminal.size = sizeOf(cols, rows)
    talk?.resize(terminal.size)
    draw()
  })
  session.on('env', (accept, reject, { key, val }) => {
    const isTaken = TAKEN.test(key) && val.length <= MOST_VALUE && !val.includes('\0') && env.size < MOST_VARIABLES
    if (!isTaken) return void reject?.()
    env.set(key, val)
    accept?.()
  })
  session.on('signal', (accept, _reject, { name }) => {
    accept?.()
    talk?.signal(name.replace(/^SIG/, ''))
  })
  // What comes before it is accepted is lost, so that this is done at once.
  session.on('shell', (accept) => begin(accept, null))
  session.on('exec', (accept, _reject, { command }) => begin(accept, command))
  session.on('sftp', (accept) => {
    if (hasBegun) return
    hasBegun = true
    serveSftp(accept(), context, enterFiles(context, client, left))
  })

  function begin(accept: () => Parameters<typeof openChannel>[0] | undefined, command: string | null) {
    if (hasBegun) return
    hasBegun = true
    const channel = accept()
    if (!channel) return
    const opened = openChannel(channel, client.socket, terminal, left)
    const tell = (line: string) => void opened.tell(line)
    tells.add(tell)
    left.addEventListener('abort', () => tells.delete(tell), { once: true })
    const served = serve(opened, command).catch((error: unknown) => {
      context.log.error({ error }, 'a session of SSH failed')
      return opened.exit(REFUSED)
    })
    client.served.add(served)
    void served.finally(() => client.served.delete(served))
  }

  async function serve(channel: SessionChannel, command: string | null): Promise<void> {
    const asked = readUserName(client.user)
    if (!asked) {
      void channel.tell(`${JSON.stringify(client.user)} is no name of a preview: write TAG, TAG+SERVICE, REPOSITORY/TAG, or menu for a list.`) // prettier-ignore
      return channel.exit(REFUSED)
    }
    const go = (asked: Visit['asked'], command: string | null) =>
      visit(context, client, channel, {
        asked,
        command,
        env: [...env].map(([name, value]) => `${name}=${value}`),
        talksTo: (now) => void (talk = now),
      })
    if (asked.is === 'menu') return menu(channel, go)
    const end = await go(asked, command)
    switch (end.why) {
      case 'exited':
        return channel.exit(end.code)
      case 'left':
        return channel.exit(INTERRUPTED)
      case 'refused':
      case 'failed':
        return channel.exit(REFUSED)
      default:
        return channel.cut(end.why === 'stopped' ? 'KILL' : 'TERM')
    }
  }

  async function menu(channel: SessionChannel, go: (asked: Visit['asked'], command: null) => Promise<VisitEnd>) {
    try {
      checkRights(client)
    } catch (error) {
      void channel.tell((error as Error).message)
      return channel.exit(REFUSED)
    }
    const { terminal } = channel
    if (!terminal) await printMenu(context, client, channel)
    else
      await showMenu(context, client, channel, terminal, comeBack, (redraw) => {
        draw = redraw
      })
    return channel.exit(0)

    async function comeBack(name: string): Promise<boolean> {
      const asked = readUserName(name)
      if (asked?.is !== 'preview') return true
      const { why } = await go(asked, null)
      return why !== 'lotan-ended' && why !== 'idle'
    }
  }
}

/** 0 where the client does not know it. The engine takes no more than 65 535. */
function sizeOf(columns: number, rows: number): Terminal['size'] {
  const side = (value: number, usual: number) => (value > 0 ? Math.min(value, 65_535) : usual)
  return { columns: side(columns, 80), rows: side(rows, 24) }
}
