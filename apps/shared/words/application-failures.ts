import type { Reason } from '../preview/failure-reason.ts'
import type { ApplicationCode, Words, WordsFor } from './words.ts'

const author = (what: string) => ({ who: 'If you wrote it:', what })
const visitor = (what: string) => ({ who: 'If you only wanted a look:', what })
const tellAuthor = visitor('send this page’s address to the author of the pull request.')
const tryOnce = visitor('try again once. If it stays like this, tell the author of the pull request.')

function needsPush(heading: string, sentence: string, advice: string): Words {
  return {
    heading,
    sentence,
    advice: [author(advice), tellAuthor],
    hint: 'Helps once a new image is pushed.',
    next: 'author',
  }
}

const portOf = ({ port }: Reason) => port ?? 80

export const applicationFailures: Record<ApplicationCode, WordsFor> = {
  'wrong-port': (tag, reason) => {
    const port = portOf(reason)
    const listens = reason.listens ?? []
    const inside = listens.find((at) => at.endsWith(`:${port}`)) ?? (listens.every(isLoopback) ? listens[0] : undefined)
    if (inside)
      return needsPush(
        `${tag} listens to itself only`,
        `It is running, but listens on ${inside}, where it cannot be reached from outside its container.`,
        `listen on 0.0.0.0:${port} and push the tag again.`,
      )
    const open = listens.filter((address) => !isLoopback(address))
    const ports = [...new Set(open.map((address) => address.slice(address.lastIndexOf(':') + 1)))]
    if (ports.length === 0)
      return needsPush(
        `${tag} listens on another port`,
        `It is running, but nothing answers on port ${port}.`,
        `make it listen on 0.0.0.0:${port} and push the tag again.`,
      )
    return needsPush(
      `${tag} listens on another port`,
      `It is running, but nothing answers on port ${port}. It listens on port ${ports.join(', ')}.`,
      `add LABEL lotan.port=${ports[0]} or EXPOSE ${ports[0]} to the image and push the tag again.`,
    )
  },

  'port-closed': (tag, reason) =>
    needsPush(
      `${tag} does not listen`,
      'It is running, but it listens on no port.',
      `make it listen on 0.0.0.0:${portOf(reason)}.`,
    ),

  'no-answer': (tag, reason) => ({
    heading: `${tag} does not answer`,
    sentence: `It listens on port ${portOf(reason)}, but gave no answer${reason.after === undefined ? '' : ` within ${seconds(reason.after)}`}.`,
    advice: [author('a first answer this late is mostly a dependency it cannot reach.'), tryOnce],
    hint: 'Lotan tries once more by itself.',
    next: 'retry',
  }),

  'only-tls': (tag, reason) =>
    needsPush(
      `${tag} speaks only TLS`,
      `It listens on port ${portOf(reason)}, but speaks only TLS (HTTPS) there. Visitors' HTTPS ends before it: a preview is asked in plain HTTP.`,
      `serve plain HTTP on port ${portOf(reason)} and push the tag again.`,
    ),

  'only-http2': (tag, reason) =>
    needsPush(
      `${tag} speaks only HTTP/2`,
      `It listens on port ${portOf(reason)}, but speaks only HTTP/2 there. A preview is asked in HTTP/1.1.`,
      `serve HTTP/1.1 on port ${portOf(reason)}, too, and push the tag again.`,
    ),

  'only-ipv6': (tag, reason) =>
    needsPush(
      `${tag} listens only on IPv6`,
      `It is running, but listens only on IPv6 (${reason.listens?.[0] ?? `[::]:${portOf(reason)}`}). A preview is reached on IPv4.`,
      `listen on 0.0.0.0:${portOf(reason)} and push the tag again.`,
    ),

  exited: (tag, reason) => ({
    heading: `${tag} did not start`,
    sentence: `Its application ended by itself${soonAfter(reason)}${reason.exitCode === undefined ? '' : `, with exit code ${reason.exitCode}`}.`,
    advice: [author('an exit this early is mostly a missing variable or a failed migration.'), tryOnce],
    hint: 'Lotan tried 3 times and has stopped trying.',
    next: 'retry',
  }),

  crashing: (tag, { exitCode }) => ({
    heading: `${tag} keeps stopping`,
    sentence: `Its application started, and ended by itself again and again${exitCode === undefined ? '' : `, the last time with exit code ${exitCode}`}.`,
    advice: [author('its last lines say why.'), visitor('tell the author of the pull request.')],
    hint: 'Lotan restarted it 3 times and has stopped trying.',
    next: 'retry',
  }),

  'out-of-memory': (tag, { limit }) =>
    needsPush(
      `${tag} needs more memory`,
      limit ? `It was ended at its limit of ${megabytes(limit)}.` : 'It was ended at its memory limit.',
      'use less, or add LABEL lotan.memory=1g to the image and push the tag again.',
    ),

  'disk-over': (tag, { limit }) => ({
    heading: `${tag} wrote too much`,
    sentence: limit
      ? `It was ended at its limit of ${megabytes(limit)} on this server’s disk.`
      : 'It was ended before it had filled this server’s disk.',
    advice: [
      author(
        'look what it writes: logs, caches, uploads, a database. If it needs more, add LABEL lotan.disk=4g to the image, and ask the person who runs Lotan to allow that.',
      ),
      tellAuthor,
    ],
    hint: 'It starts anew, without what it wrote.',
    next: 'retry',
  }),

  'bad-image': (tag, { service }) =>
    service !== undefined
      ? needsPush(
          `The image of its service ${service} cannot be used`,
          `It has no program that this server can run, so ${tag} was not started.`,
          'check that it was built for this server’s kind of processor, and name another one in the stack.',
        )
      : needsPush(
          `${tag} cannot be started`,
          'The image has no program that this server can run.',
          'check its CMD or ENTRYPOINT, and that it was built for this server’s kind of processor.',
        ),

  'file-capabilities': (tag) =>
    needsPush(
      `${tag} asks for rights that previews do not have`,
      'The file of its program has capabilities (setcap) that no preview is given, so it may not be run.',
      'take them off the file (setcap -r) and push the tag again. cap_net_bind_service may stay.',
    ),

  'bad-stack': (tag) =>
    needsPush(
      `The stack of ${tag} cannot be used`,
      'What it says of the services that run beside it is not what this server takes.',
      'mend the line that the admin page names, and push the tag again. lotan stack check FILE finds it before a push.',
    ),

  'service-exited': (tag, { service, exitCode, after }) =>
    needsPush(
      `${tag} lacks its ${service ?? 'service'}`,
      `Its service ${service ?? ''} ended${after === undefined ? '' : ` after ${seconds(after)}`}${exitCode === undefined ? '' : ` with exit code ${exitCode}`}, so the application was not started.`.replace(
        '  ',
        ' ',
      ),
      'its last lines stand on the admin page. Mend it and push the tag again.',
    ),

  'service-unhealthy': (tag, { service, after }) => ({
    heading: `${tag} lacks its ${service ?? 'service'}`,
    sentence:
      `Its service ${service ?? ''} did not become healthy${after === undefined ? '' : ` within ${seconds(after)}`}, so the application was not started.`.replace(
        '  ',
        ' ',
      ),
    advice: [author('its healthcheck says what is asked, and the admin page what it wrote.'), tryOnce],
    hint: 'The next visit starts it again.',
    next: 'retry',
  }),
}

function isLoopback(address: string): boolean {
  return /^(127\.|\[?::1\]?:\d+$|localhost:)/.test(address)
}

function soonAfter({ after }: Reason): string {
  if (after === undefined) return ''
  return after < 500 ? ' at once' : ` after ${seconds(after)}`
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1000)} s`
}

function megabytes(limit: string): string {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(limit)
  if (!match) return limit
  const unit = { k: 'kB', m: 'MB', g: 'GB', '': 'bytes' }[match[2]!.toLowerCase() as 'k' | 'm' | 'g' | '']
  return `${match[1]} ${unit}`
}
