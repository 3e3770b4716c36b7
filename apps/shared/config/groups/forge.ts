import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { webUrl } from '../values/address.ts'
import { duration } from '../values/amount.ts'
import { forgeRepositories, sayingList, tagTemplates } from '../values/forge.ts'
import { anyText, file, oneOf, password, zeroOrOne } from '../values/text.ts'

const SECRET = 'LOTAN_CONTAINER_SECRET_'

const settings = {
  LOTAN_FORGE: setting(oneOf('github', 'gitlab', 'gitea'), {
    description: 'Where the pull requests are that previews are of. Forgejo is a `gitea`.',
  }),
  LOTAN_FORGE_API: setting(webUrl, {
    description: 'The address of its API, such as `https://git.example.com/api/v1`.',
    without: 'that of github.com, gitlab.com',
  }),
  LOTAN_FORGE_REPOSITORY: setting(forgeRepositories, {
    description: "Which repository's pull requests: `owner/name`; `NAME=owner/name …` with several repositories.",
  }),
  LOTAN_FORGE_TOKEN: setting(anyText, {
    description: 'Lets Lotan read pull requests, and write into them. The forge part alone is given it.',
    services: 'forge',
    secret: true,
  }),
  LOTAN_FORGE_TOKEN_FILE: setting(file, {
    description: 'A file that holds that token.',
    services: 'forge',
  }),
  LOTAN_FORGE_TAG: setting(tagTemplates, {
    description:
      'The tag of its image, with its own `{number}`, `{sha}`, `{sha7}` or `{branch}`. Of several the first that has an image.',
    standard: 'pr-{number}',
  }),
  LOTAN_FORGE_SAYS: setting(sayingList, {
    description: 'What Lotan writes into a pull request: any of `comment`, `status` and `deployment`; or `none`.',
    standard: 'comment status',
  }),
  LOTAN_FORGE_VERIFY: setting(zeroOrOne, {
    description: 'At 1 each new image of a pull request is started once, so that its status tells whether it answered.',
    standard: '0',
  }),
  LOTAN_FORGE_INTERVAL_MINUTES: setting(duration('minutes', 30_000), {
    description: 'Read the open pull requests this often, whether hooks come or not.',
    standard: '5',
  }),
  LOTAN_CLOSED_MINUTES: setting(duration('minutes', 30_000, 0), {
    description: 'The preview of a closed pull request is stopped at once, and removed after this long.',
    standard: '60',
  }),
  LOTAN_FORGE_FORKS: setting(oneOf('ask', 'open', 'never'), {
    description:
      'Previews of pull requests from forks: an admin approves each first (`ask`), they open as all do, or they never run.',
    standard: 'ask',
  }),
  // X stands for any name: Compose cannot list it.
  LOTAN_CONTAINER_SECRET_X: setting(anyText, {
    description: 'Gives every container the variable `X`, but those of forks. Needs `LOTAN_FORGE`.',
    services: 'none',
    secret: true,
  }),
  LOTAN_HOOK_SECRET: setting(password, {
    description: 'What the forge signs its hooks with.',
    without: 'made at first start, kept in the data directory as `hook-secret`',
    secret: true,
  }),
  LOTAN_NOTIFY_URL: setting(webUrl, {
    description: 'Told of each preview that comes up, fails or stops: a POST, signed with `LOTAN_HOOK_SECRET`.',
    secret: true,
  }),
}

const standardApis = { github: 'https://api.github.com', gitlab: 'https://gitlab.com/api/v4', gitea: null } as const

export const forge = {
  title: 'Pull requests',
  settings,
  // All of the environment: LOTAN_CONTAINER_SECRET_X has any name.
  schema: z
    .object(settings)
    .loose()
    .check(
      rules((given, { good, refuse }) => {
        if (!good('LOTAN_FORGE')) return
        const isSet = (name: keyof typeof settings) => good(name) && given[name] !== null
        if (given.LOTAN_FORGE === null) {
          for (const name of ['LOTAN_FORGE_REPOSITORY', 'LOTAN_FORGE_API'] as const)
            if (isSet(name)) refuse(name, 'needs LOTAN_FORGE: write github, gitlab or gitea there, or leave it out')
          for (const name of Object.keys(given))
            if (name.startsWith(SECRET) && name !== 'LOTAN_CONTAINER_SECRET_X' && given[name])
              refuse(
                name,
                'needs LOTAN_FORGE: without it Lotan cannot tell forks, which must not get it. LOTAN_CONTAINER_ENV_X is for all',
              )
          return
        }
        if (good('LOTAN_FORGE_REPOSITORY') && given.LOTAN_FORGE_REPOSITORY === null)
          refuse('LOTAN_FORGE_REPOSITORY', 'is missing: LOTAN_FORGE needs the repository whose pull requests are meant')
        if (given.LOTAN_FORGE === 'gitea' && good('LOTAN_FORGE_API') && given.LOTAN_FORGE_API === null)
          refuse('LOTAN_FORGE_API', 'is missing: write where your forge is, such as https://git.example.com/api/v1')
        if (given.LOTAN_FORGE === 'gitea' && good('LOTAN_FORGE_SAYS') && given.LOTAN_FORGE_SAYS.includes('deployment'))
          refuse('LOTAN_FORGE_SAYS', 'has deployment, which gitea knows none of: leave it out')
      }),
    )
    .transform((given, ctx) => ({
      /** Null where no forge is configured. */
      forge:
        given.LOTAN_FORGE === null
          ? null
          : {
              kind: given.LOTAN_FORGE,
              api: given.LOTAN_FORGE_API ?? standardApis[given.LOTAN_FORGE] ?? '',
              repositories: given.LOTAN_FORGE_REPOSITORY ?? [],
              templates: given.LOTAN_FORGE_TAG,
              says: given.LOTAN_FORGE_SAYS,
              verify: given.LOTAN_FORGE_VERIFY,
              interval: given.LOTAN_FORGE_INTERVAL_MINUTES,
              closedAfter: given.LOTAN_CLOSED_MINUTES,
              forks: given.LOTAN_FORGE_FORKS,
            },
      givenHookSecret: given.LOTAN_HOOK_SECRET,
      notifyUrl: given.LOTAN_NOTIFY_URL,
      containerSecrets: secretsIn(given, (variable, message) =>
        ctx.addIssue({ code: 'custom', path: [variable], message }),
      ),
    })),
}

/** By the variable that a container is given. */
function secretsIn(
  given: Record<string, unknown>,
  refuse: (variable: string, problem: string) => void,
): Record<string, string> {
  const found = Object.entries(given).flatMap(([variable, value]): [string, string][] => {
    if (!variable.startsWith(SECRET) || typeof value !== 'string' || value === '') return []
    const name = variable.slice(SECRET.length)
    if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && !name.startsWith('LOTAN_')) return [[name, value]]
    refuse(variable, `names no variable that containers can be given: write another name after ${SECRET}`)
    return []
  })
  return Object.fromEntries(found)
}
