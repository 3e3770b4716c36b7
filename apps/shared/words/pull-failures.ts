import { retryAfter, type Reason } from '../preview/failure-reason.ts'
import type { NextStep, PullCode, Words, WordsFor } from './words.ts'

const operator = (what: string) => ({ who: 'If you run Lotan:', what })
const others = (what: string) => ({ who: 'Everybody else:', what })
const tellOperator = others('previews that are here already still work. Tell the person who runs Lotan.')
const tellOperatorAtOnce = others('tell the person who runs Lotan.')
const fine = 'Nothing is wrong with the preview.'
const checkRegistry = 'check the registry, and this server’s way to it'
const onAdminPage = 'the engine’s own words are on the admin page.'

function said(
  heading: string,
  sentence: string,
  advice: string,
  hint: string,
  { tell = tellOperator, next = 'operator' }: { tell?: typeof tellOperator; next?: NextStep } = {},
): Words {
  return { heading, sentence, advice: [operator(advice), tell], hint, next }
}

function again(reason: Reason): string {
  const wait = retryAfter(reason, 0) ?? 0
  return `Lotan tries again by itself every ${wait >= 120_000 ? `${wait / 60_000} min` : `${wait / 1_000} s`}.`
}

const ofPreview: Record<PullCode, WordsFor> = {
  credentials: (tag, reason) =>
    said(
      `${tag} cannot be fetched`,
      `The registry refused Lotan’s login. ${fine}`,
      'renew the registry login (docker login), and check REPOSITORY.',
      again(reason),
    ),

  'registry-down': (tag, reason) =>
    said(
      'The registry does not answer',
      `Lotan cannot pull ${tag} until the registry is back. ${fine}`,
      `${checkRegistry}.`,
      again(reason),
      { next: 'wait' },
    ),

  'rate-limited': (tag, reason) =>
    said(
      'The registry wants a pause',
      `Lotan has asked it too often for now, so ${tag} has to wait. ${fine}`,
      'log in (docker login) or pay for a higher limit, or set IMAGE_REFRESH_INTERVAL_MINUTES higher.',
      again(reason),
      { next: 'wait' },
    ),

  'no-repository': (tag, reason) =>
    said(
      'The registry has no such repository',
      `It is not only ${tag} that is missing: the registry does not know the repository at all.`,
      'check REPOSITORY, or push its first image.',
      again(reason),
      { tell: tellOperatorAtOnce },
    ),

  'no-such-tag': (tag) =>
    said(
      'The registry has no such tag',
      `The registry has no image tagged ${tag}.`,
      'push it, then add or start it again; or compare it with the tags that the registry offers.',
      'It leaves the list by itself.',
    ),

  'copy-lost': (tag) =>
    said(
      `${tag} is lost`,
      'The image of this copy is gone from the engine, and no registry has another.',
      'remove it and make another copy. A program that removes unused images (docker system prune) must leave those of Lotan.',
      'It cannot come back.',
    ),

  tls: (tag, reason) =>
    said(
      'The registry’s certificate is not trusted',
      `There is no safe connection to the registry, so ${tag} cannot be pulled. ${fine}`,
      'check that the registry’s certificate is valid for its name, and give your own authority’s to the engine (/etc/docker/certs.d/HOST/ca.crt) and to Lotan (NODE_EXTRA_CA_CERTS).',
      again(reason),
    ),

  'helper-failed': (tag, reason) =>
    said(
      'The registry login cannot be read',
      `The program that keeps it failed, so Lotan cannot pull ${tag}. ${fine}`,
      `install ${reason.program ?? 'the docker-credential program that config.json names'} where Lotan finds it (PATH), and try it with “get” as the user that runs Lotan.`,
      again(reason),
    ),

  'aws-credentials': (tag, reason) =>
    said(
      'AWS turned Lotan away',
      `Lotan’s AWS credentials are missing or wrong, so it cannot pull ${tag}. ${fine}`,
      'set an access key (AWS_ACCESS_KEY_ID and its secret), AWS_PROFILE or a role, and allow it ecr:GetAuthorizationToken.',
      again(reason),
    ),

  'aws-region': (tag) =>
    said(
      'Lotan does not know its AWS region',
      `Without it, it cannot pull ${tag}. ${fine}`,
      'set AWS_DEFAULT_REGION, such as eu-central-1, and start Lotan again.',
      'Helps once Lotan was started again.',
    ),

  'token-expired': (tag, reason) =>
    said(
      'Lotan’s registry token has ended',
      `It could not be renewed, so Lotan cannot pull ${tag}. ${fine}`,
      'log in anew (aws sso login, or docker login), or give it a key or role that does not end.',
      again(reason),
    ),

  stalled: (tag, reason) =>
    said(
      `The pull of ${tag} stands still`,
      'The registry has sent nothing for 60 s, so Lotan gave up this pull.',
      `${checkRegistry}.`,
      again(reason),
      { next: 'wait' },
    ),

  'too-slow': (tag, reason) =>
    said(
      `The pull of ${tag} takes too long`,
      'Its image did not come in the time that a pull has here, so Lotan gave up this pull.',
      `${checkRegistry}; LOTAN_PULL_TIMEOUT_MINUTES says how long a pull has.`,
      again(reason),
    ),

  'disk-full': (tag, reason) =>
    said(
      `There is no room for ${tag}`,
      'This server is out of disk space. Lotan removes what is not in use.',
      'make room on the engine’s disk: docker system df shows what is there.',
      again(reason),
      { next: 'wait' },
    ),

  'engine-down': () =>
    said(
      'Previews cannot start now',
      'The container engine does not answer.',
      'start the engine (docker), or check DOCKER_HOST.',
      'Lotan tries again by itself every 5 s, and as soon as it is back.',
      { tell: tellOperatorAtOnce },
    ),

  'pull-failed': (tag, reason) =>
    said(
      `${tag} could not be pulled`,
      'The registry has the tag, but fetching its image failed.',
      onAdminPage,
      again(reason),
      { next: 'retry' },
    ),

  'start-failed': (tag, reason) =>
    said(`${tag} could not be started`, 'The container engine refused to start it.', onAdminPage, again(reason), {
      next: 'retry',
    }),
}

/** Of the image of a service: the same, about that. */
const ofService: Partial<Record<PullCode, WordsFor>> = {
  credentials: (image, reason) =>
    said(
      `${image} cannot be fetched`,
      `Its registry refused Lotan’s login, or has no such image. ${fine}`,
      'check its name in the stack, and log in to its registry (docker login).',
      again(reason),
    ),

  'pull-failed': (image, reason) =>
    said(
      `${image} could not be pulled`,
      'Its registry does not have it, or fetching it failed, so the preview was not started.',
      `check its name in the stack; ${onAdminPage}`,
      again(reason),
      { next: 'retry' },
    ),
}

export const pullFailures = Object.fromEntries(
  Object.entries(ofPreview).map(([code, words]): [string, WordsFor] => [
    code,
    (tag, reason) => (reason.service === undefined ? words : ofServiceIn(code as PullCode))(tag, reason),
  ]),
) as Record<PullCode, WordsFor>

function ofServiceIn(code: PullCode): WordsFor {
  return (_tag, reason) => {
    const what = code === 'start-failed' ? 'its service' : 'the image of its service'
    const { heading, sentence, ...rest } = (ofService[code] ?? ofPreview[code])(`${what} ${reason.service}`, reason)
    return { heading: capital(heading), sentence: capital(sentence), ...rest }
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
