/**
 * Why a preview did not come up: one code each, and what Lotan does about it by itself.
 *
 * Visitors read `heading`, `sentence` and `advice`; `detail` and `output` are the engine's and the application's own
 * words and are for the admin alone (they may hold secrets).
 */

/** Those that a registry gives. */
export type RegistryCode =
  | 'credentials'
  | 'registry-down'
  | 'rate-limited'
  | 'no-repository'
  | 'tls'
  | 'helper-failed'
  | 'aws-credentials'
  | 'aws-region'
  | 'token-expired'
  | 'bad-image'

export type ReasonCode =
  | 'wrong-port'
  | 'port-closed'
  | 'no-answer'
  | 'only-tls'
  | 'only-http2'
  | 'only-ipv6'
  | 'exited'
  | 'crashing'
  | 'out-of-memory'
  | 'disk-over'
  | 'file-capabilities'
  | RegistryCode
  | 'stalled'
  | 'too-slow'
  | 'disk-full'
  | 'engine-down'
  | 'pull-failed'
  | 'start-failed'

export interface Reason {
  code: ReasonCode
  /** The engine's own words. */
  detail: string
  /** The last lines the application wrote, oldest first. */
  output?: string[]
  exitCode?: number
  /** How long after the start it happened, milliseconds. */
  after?: number
  /** The port that was asked. */
  port?: number
  /** The addresses the application listens on instead, as `0.0.0.0:3000` or `127.0.0.1:80`. */
  listens?: string[]
  /** The limit that was hit, of memory or disk, as it was set: `512m`. */
  limit?: string
  /** The program that could not be used: `docker-credential-pass`. */
  program?: string
}

/**
 * How long after a failure Lotan tries again by itself.
 *
 * @param tries starts that have failed this way in a row
 * @returns milliseconds, or null where trying again cannot help
 */
export function retryAfter(reason: Reason, tries: number): number | null {
  switch (reason.code) {
    case 'engine-down':
      return 5_000
    case 'registry-down':
    case 'stalled':
      return 30_000
    case 'disk-full':
      return 60_000
    case 'token-expired':
    case 'no-repository':
      return 60_000
    case 'too-slow':
    case 'credentials':
    case 'tls':
    case 'helper-failed':
    case 'aws-credentials':
    case 'rate-limited':
      return 5 * 60_000
    case 'no-answer':
      return tries === 0 ? 60_000 : null
    case 'pull-failed':
    case 'start-failed':
      return 60_000
    default:
      return null
  }
}

/** What a visitor is told: one heading, one sentence, advice for each kind of reader (`who` in bold), a hint. */
export interface Words {
  heading: string
  sentence: string
  advice: { who: string; what: string }[]
  /** What stands beside the button. */
  hint: string
}

const tellOwner = {
  who: 'If you only wanted a look:',
  what: 'send this page’s address to whoever opened the pull request.',
}
const tellOperator = {
  who: 'Everybody else:',
  what: 'previews that are here already still work. Tell whoever runs Lotan.',
}

/** The visitor's words for a reason. Plain text: pages escape it. */
export function words(tag: string, reason: Reason): Words {
  const after = reason.after === undefined ? '' : reason.after < 500 ? ' at once' : ` after ${seconds(reason.after)}`
  const port = reason.port ?? 80
  switch (reason.code) {
    case 'wrong-port': {
      const listens = reason.listens ?? []
      const inside =
        listens.find((at) => at.endsWith(`:${port}`)) ?? (listens.every(isLoopback) ? listens[0] : undefined)
      const open = listens.filter((address) => !isLoopback(address))
      const ports = [...new Set(open.map((address) => address.slice(address.lastIndexOf(':') + 1)))]
      if (inside)
        return {
          heading: `${tag} listens to itself only`,
          sentence: `It is running, but listens on ${inside}, where nobody outside its container can reach it.`,
          advice: [{ who: 'If you wrote it:', what: `listen on 0.0.0.0:${port} and push the tag again.` }, tellOwner],
          hint: 'Helps once a new image is pushed.',
        }
      return {
        heading: `${tag} listens on another port`,
        sentence: `It is running, but nothing answers on port ${port}. It listens on port ${ports.join(', ')}.`,
        advice: [
          {
            who: 'If you wrote it:',
            what: `add LABEL lotan.port=${ports[0]} or EXPOSE ${ports[0]} to the image and push the tag again.`,
          },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    }
    case 'port-closed':
      return {
        heading: `${tag} does not listen`,
        sentence: 'It is running, but it listens on no port.',
        advice: [
          { who: 'If you wrote it:', what: `make it listen on 0.0.0.0:${port}. Its last lines are on the admin page.` },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'no-answer':
      return {
        heading: `${tag} does not answer`,
        sentence: `It listens on port ${port}, but gave no answer${reason.after === undefined ? '' : ` within ${seconds(reason.after)}`}.`,
        advice: [
          {
            who: 'If you wrote it:',
            what: 'a first answer this late is mostly a dependency it cannot reach. Its last lines are on the admin page.',
          },
          {
            who: 'If you only wanted a look:',
            what: 'try again once. If it stays like this, tell whoever opened the pull request.',
          },
        ],
        hint: 'Lotan tries once more by itself.',
      }
    case 'only-tls':
      return {
        heading: `${tag} speaks only TLS`,
        sentence: `It listens on port ${port}, but speaks only TLS (HTTPS) there. Visitors' HTTPS ends before it: a preview is asked in plain HTTP.`,
        advice: [
          { who: 'If you wrote it:', what: `serve plain HTTP on port ${port} and push the tag again.` },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'only-http2':
      return {
        heading: `${tag} speaks only HTTP/2`,
        sentence: `It listens on port ${port}, but speaks only HTTP/2 there. A preview is asked in HTTP/1.1.`,
        advice: [
          { who: 'If you wrote it:', what: `serve HTTP/1.1 on port ${port}, too, and push the tag again.` },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'only-ipv6':
      return {
        heading: `${tag} listens only on IPv6`,
        sentence: `It is running, but listens only on IPv6 (${reason.listens?.[0] ?? `[::]:${port}`}). A preview is reached on IPv4.`,
        advice: [{ who: 'If you wrote it:', what: `listen on 0.0.0.0:${port} and push the tag again.` }, tellOwner],
        hint: 'Helps once a new image is pushed.',
      }
    case 'exited':
      return {
        heading: `${tag} stopped while starting`,
        sentence: `The application ended by itself${after}${reason.exitCode === undefined ? '' : `, with exit code ${reason.exitCode}`}.`,
        advice: [
          {
            who: 'If you wrote it:',
            what: 'an exit this early is mostly a missing variable or a failed migration. Its last lines are on the admin page.',
          },
          {
            who: 'If you only wanted a look:',
            what: 'try again once. If it stays like this, tell whoever opened the pull request.',
          },
        ],
        hint: 'Lotan tried 3 times and has stopped trying.',
      }
    case 'crashing':
      return {
        heading: `${tag} keeps stopping`,
        sentence: `The application started, and ended by itself again and again${reason.exitCode === undefined ? '' : `, the last time with exit code ${reason.exitCode}`}.`,
        advice: [
          { who: 'If you wrote it:', what: 'its last lines are on the admin page.' },
          { who: 'If you only wanted a look:', what: 'tell whoever opened the pull request.' },
        ],
        hint: 'Lotan restarted it 3 times and has stopped trying.',
      }
    case 'out-of-memory':
      return {
        heading: `${tag} needs more memory`,
        sentence: reason.limit
          ? `It was ended at its limit of ${megabytes(reason.limit)}.`
          : 'It was ended at its memory limit.',
        advice: [
          {
            who: 'If you wrote it:',
            what: 'use less, or add LABEL lotan.memory=1g to the image and push the tag again.',
          },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'disk-over':
      return {
        heading: `${tag} wrote too much`,
        sentence: reason.limit
          ? `It was ended at its limit of ${megabytes(reason.limit)} on this server’s disk.`
          : 'It was ended before it had filled this server’s disk.',
        advice: [
          {
            who: 'If you wrote it:',
            what: 'look what it writes: logs, caches, uploads, a database. If it needs more, add LABEL lotan.disk=4g to the image, and ask whoever runs Lotan to allow that.',
          },
          tellOwner,
        ],
        hint: 'It starts anew, without what it wrote.',
      }
    case 'bad-image':
      return {
        heading: `${tag} cannot be started`,
        sentence: 'The image has no program that this server can run.',
        advice: [
          {
            who: 'If you wrote it:',
            what: 'check its CMD or ENTRYPOINT, and that it was built for this server’s kind of processor. The engine’s words are on the admin page.',
          },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'file-capabilities':
      return {
        heading: `${tag} asks for rights that previews do not have`,
        sentence: 'The file of its program has capabilities (setcap) that no preview is given, so it may not be run.',
        advice: [
          {
            who: 'If you wrote it:',
            what: 'take them off the file (setcap -r) and push the tag again. cap_net_bind_service may stay. The words it ended with are on the admin page.',
          },
          tellOwner,
        ],
        hint: 'Helps once a new image is pushed.',
      }
    case 'credentials':
      return {
        heading: 'The registry turned Lotan away',
        sentence: `Lotan may not pull ${tag}: the registry refused its credentials. Nothing is wrong with the preview.`,
        advice: [
          { who: 'If you run Lotan:', what: 'renew the registry login (docker login), and check REPOSITORY.' },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'registry-down':
      return {
        heading: 'The registry does not answer',
        sentence: `Lotan cannot pull ${tag} until the registry is back. Nothing is wrong with the preview.`,
        advice: [{ who: 'If you run Lotan:', what: 'check the registry, and this server’s way to it.' }, tellOperator],
        hint: 'Lotan tries again by itself every 30 s.',
      }
    case 'rate-limited':
      return {
        heading: 'The registry wants a pause',
        sentence: `Lotan has asked it too often for now, so ${tag} has to wait. Nothing is wrong with the preview.`,
        advice: [
          {
            who: 'If you run Lotan:',
            what: 'log in (docker login) or pay for a higher limit, or set IMAGE_REFRESH_INTERVAL_MINUTES higher.',
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'no-repository':
      return {
        heading: 'The registry has no such repository',
        sentence: `It is not only ${tag} that is missing: the registry does not know the repository at all.`,
        advice: [
          { who: 'If you run Lotan:', what: 'check REPOSITORY, or push its first image.' },
          { who: 'Everybody else:', what: 'tell whoever runs Lotan.' },
        ],
        hint: 'Lotan tries again by itself every 60 s.',
      }
    case 'tls':
      return {
        heading: 'The registry’s certificate is not trusted',
        sentence: `There is no safe connection to the registry, so ${tag} cannot be pulled. Nothing is wrong with the preview.`,
        advice: [
          {
            who: 'If you run Lotan:',
            what: 'check that the registry’s certificate is valid for its name, and give your own authority’s to the engine (/etc/docker/certs.d/HOST/ca.crt) and to Lotan (NODE_EXTRA_CA_CERTS).',
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'helper-failed':
      return {
        heading: 'The registry login cannot be read',
        sentence: `The program that keeps it failed, so Lotan cannot pull ${tag}. Nothing is wrong with the preview.`,
        advice: [
          {
            who: 'If you run Lotan:',
            what: `install ${reason.program ?? 'the docker-credential program that config.json names'} where Lotan finds it (PATH), and try it with “get” as the user that runs Lotan.`,
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'aws-credentials':
      return {
        heading: 'AWS turned Lotan away',
        sentence: `Lotan’s AWS credentials are missing or wrong, so it cannot pull ${tag}. Nothing is wrong with the preview.`,
        advice: [
          {
            who: 'If you run Lotan:',
            what: 'set an access key (AWS_ACCESS_KEY_ID and its secret), AWS_PROFILE or a role, and allow it ecr:GetAuthorizationToken.',
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'aws-region':
      return {
        heading: 'Lotan does not know its AWS region',
        sentence: `Without it, it cannot pull ${tag}. Nothing is wrong with the preview.`,
        advice: [
          { who: 'If you run Lotan:', what: 'set AWS_DEFAULT_REGION, such as eu-central-1, and start Lotan again.' },
          tellOperator,
        ],
        hint: 'Helps once Lotan was started again.',
      }
    case 'token-expired':
      return {
        heading: 'Lotan’s registry token has ended',
        sentence: `It could not be renewed, so Lotan cannot pull ${tag}. Nothing is wrong with the preview.`,
        advice: [
          {
            who: 'If you run Lotan:',
            what: 'log in anew (aws sso login, or docker login), or give it a key or role that does not end.',
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 60 s.',
      }
    case 'stalled':
      return {
        heading: `The pull of ${tag} stands still`,
        sentence: 'The registry has sent nothing for 60 s, so Lotan gave up this pull.',
        advice: [{ who: 'If you run Lotan:', what: 'check the registry, and this server’s way to it.' }, tellOperator],
        hint: 'Lotan tries again by itself every 30 s.',
      }
    case 'too-slow':
      return {
        heading: `The pull of ${tag} takes too long`,
        sentence: 'Its image did not come in the time that a pull has here, so Lotan gave up this pull.',
        advice: [
          {
            who: 'If you run Lotan:',
            what: 'check the registry, and this server’s way to it; LOTAN_PULL_TIMEOUT_MINUTES says how long a pull has.',
          },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 5 min.',
      }
    case 'disk-full':
      return {
        heading: 'This server is out of disk space',
        sentence: 'There is no room for the image.',
        advice: [
          { who: 'If you run Lotan:', what: 'make room on the engine’s disk: docker system df shows what is there.' },
          tellOperator,
        ],
        hint: 'Lotan tries again by itself every 60 s.',
      }
    case 'engine-down':
      return {
        heading: 'The container engine does not answer',
        sentence: 'Previews cannot start until it is back.',
        advice: [
          { who: 'If you run Lotan:', what: 'start the engine (docker), or check DOCKER_HOST.' },
          { who: 'Everybody else:', what: 'tell whoever runs Lotan.' },
        ],
        hint: 'Lotan tries again by itself every 5 s, and as soon as it is back.',
      }
    case 'pull-failed':
      return {
        heading: `${tag} could not be pulled`,
        sentence: 'The registry has the tag, but fetching its image failed.',
        advice: [{ who: 'If you run Lotan:', what: 'the engine’s own words are on the admin page.' }, tellOperator],
        hint: 'Lotan tries again by itself every 60 s.',
      }
    case 'start-failed':
      return {
        heading: `${tag} could not be started`,
        sentence: 'The container engine refused to start it.',
        advice: [{ who: 'If you run Lotan:', what: 'the engine’s own words are on the admin page.' }, tellOperator],
        hint: 'Lotan tries again by itself every 60 s.',
      }
  }
}

/** Whether an address such as `127.0.0.1:80` or `::1:80` is one that only the container itself reaches. */
function isLoopback(address: string): boolean {
  return /^(127\.|\[?::1\]?:\d+$|localhost:)/.test(address)
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1000)} s`
}

/** `512m` as people write it: `512 MB`. */
function megabytes(limit: string): string {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(limit)
  if (!match) return limit
  const unit = { k: 'kB', m: 'MB', g: 'GB', '': 'bytes' }[match[2]!.toLowerCase() as 'k' | 'm' | 'g' | '']
  return `${match[1]} ${unit}`
}
