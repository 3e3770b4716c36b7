/** The only file that reads the environment. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { isJournal } from '../journal.ts'
import { findRunDir, found, kept, makeDataDir, makeRunDir } from './data-dir.ts'
import { access } from './groups/access.ts'
import { addresses, certificate, listing } from './groups/addresses.ts'
import { admin } from './groups/admin.ts'
import { capacity } from './groups/capacity.ts'
import { containers } from './groups/containers.ts'
import { forge } from './groups/forge.ts'
import { idle } from './groups/idle.ts'
import { launcher } from './groups/launcher.ts'
import { look } from './groups/look.ts'
import { shell } from './groups/shell.ts'
import { stack } from './groups/stack.ts'
import { starts } from './groups/starts.ts'
import { surroundings } from './groups/surroundings.ts'
import { tags } from './groups/tags.ts'
import { variables } from './groups/variables.ts'
import { inForceOf, type InForce } from './in-force.ts'
import { repositoriesOf } from './repositories.ts'
import { baseTag, isCopy } from '../preview/copy-tag.ts'
import { standardPatterns } from '../stack/images.ts'
import { findRepository, type Repository } from '../repository.ts'
import { NAMELESS, splitId, type PreviewId } from '../preview/preview-id.ts'
import { problemsOf, rules, type Problem } from './setting.ts'
import { readStackFile } from './stack-file.ts'
import { quoted } from './values/value.ts'

export type { Problem }
export type { Place } from './values/address.ts'

/** In the order of documents and messages. */
export const groups = [
  addresses,
  idle,
  tags,
  starts,
  capacity,
  containers,
  variables,
  admin,
  look,
  access,
  forge,
  stack,
  shell,
  surroundings,
  launcher,
] as const

type Output<G extends { schema: z.ZodType }> = z.output<G['schema']>
type Settings = Output<typeof addresses> &
  Output<typeof idle> &
  Output<typeof tags> &
  Output<typeof starts> &
  Output<typeof capacity> &
  Output<typeof containers> &
  Output<typeof variables> &
  Output<typeof admin> &
  Output<typeof look> &
  Output<typeof access> &
  Output<typeof forge> &
  Output<typeof stack> &
  Output<typeof shell> &
  Output<typeof surroundings> &
  Output<typeof launcher>

/** Durations are milliseconds. */
export type Config = Omit<
  Settings,
  'givenToken' | 'givenHookSecret' | 'givenLogs' | 'redisUrl' | 'filter' | 'prepull'
> & {
  /** The allow-list, the one without a name first. */
  repositories: readonly Repository[]
  /** Whether its repository is listed, and its tag offered. */
  offers: (id: PreviewId) => boolean
  /** Whether it is to be pulled before its first click. */
  prepulls: (id: PreviewId) => boolean
  /** Sockets, pid files, nginx's configuration and temporary files. Short enough for sockets' paths. */
  runDir: string
  /** 8 hexadecimal digits: tell this Lotan's containers, images and network from another's. */
  instance: string
  adminToken: string
  /** What the forge signs its hooks with, and Lotan what it notifies of. */
  hookSecret: string
  /** What secrets of stacks are made of, beside each preview's salt. */
  stackKey: string
  /** What the file says that LOTAN_STACK names, as it was when this process began. Null: the image's label says it. */
  stackText: string | null
  redis: { url: string } | { socket: string }
  logs: 'files' | 'stdout'
  inForce: InForce
}

/** Files that settings name, and what they are for; undefined where one of these settings cannot be used. */
export interface NamedFiles {
  site?: Pick<Config, 'tls' | 'domain' | 'hostForm'> & { repositories: readonly { name: string }[] }
  brand?: Config['brand']
}

/** The message has a line for each problem. */
export class SettingsError extends Error {
  readonly problems: Problem[]
  /** Every problem is about a file that a setting names: it may be there, or be another, a moment later. */
  readonly mayMend: boolean

  constructor(problems: Problem[], mayMend = false) {
    super(problems.map(({ variable, problem }) => `${variable} ${problem}`).join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
    this.mayMend = mayMend
  }
}

/**
 * Makes the data and run directories, the instance's id, the admin token, the hooks' secret and the stacks' key when they are missing, which is
 * harmless when several processes do it at once.
 * @param more what is wrong with files that settings name, and that not every process reads
 * @throws SettingsError with all problems at once
 */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  more: (settings: NamedFiles) => Problem[] = () => [],
  filesIn: typeof makeFiles = makeFiles,
): Config {
  const given = { ...env }
  const read = groups.map(({ schema }) => schema.safeParse(given))
  // Where there are problems some of these are missing; none is used then.
  const settings = Object.assign({}, ...read.map(({ data }) => data)) as Settings
  const { givenToken, givenHookSecret, givenLogs, redisUrl, filter, prepull, ...rest } = settings
  const problems = read.flatMap(({ error }) => problemsOf(error))
  const { data: list } = listing.safeParse(given)
  const repositories = repositoriesOf(
    given,
    { ...list, offers: filter, transliterate: rest.transliterate },
    (variable, problem) => problems.push({ variable, problem }),
  )
  for (const { name, path } of rest.forge?.repositories ?? [])
    if (list && !repositories.some((one) => one.name === name))
      problems.push({
        variable: 'LOTAN_FORGE_REPOSITORY',
        problem:
          name === NAMELESS
            ? `has ${path} for REPOSITORY, which is not set: write NAME=${path} with a name of LOTAN_REPOSITORIES`
            : `has ${name}, which LOTAN_REPOSITORIES does not name: name it there, or leave it out`,
      })
  const offers = (id: PreviewId) => findRepository(id, { repositories })?.offers(baseTag(splitId(id).tag)) ?? false

  const dataDir = launcher.settings.LOTAN_DATA_DIR.parse(given.LOTAN_DATA_DIR)
  let files: Files | undefined
  try {
    files = filesIn(path.resolve(dataDir), { token: givenToken, hookSecret: givenHookSecret })
  } catch (error) {
    const problem = `is ${quoted(path.resolve(dataDir))}, which cannot be used: ${(error as Error).message}`
    problems.push({ variable: 'LOTAN_DATA_DIR', problem })
  }

  const [site, brand] = [certificate.safeParse(given), look.schema.safeParse(given)]
  const unfit = more({ site: site.data, brand: brand.data?.brand })
  const { data: stackPath } = stack.settings.LOTAN_STACK.safeParse(given.LOTAN_STACK)
  const stackFile = stackPath ? readStackFile(stackPath) : { text: null }
  if ('problems' in stackFile)
    unfit.push(...stackFile.problems.map((problem) => ({ variable: 'LOTAN_STACK', problem })))
  if (!files || 'problems' in stackFile || problems.length + unfit.length > 0)
    throw new SettingsError([...problems, ...unfit], problems.length === 0)

  return {
    ...rest,
    ...files,
    stackText: stackFile.text,
    repositories,
    offers,
    prepulls: (id) => !isCopy(id) && offers(id) && prepull(splitId(id).tag),
    redis: redisUrl === null ? { socket: path.join(files.runDir, 'redis.sock') } : { url: redisUrl },
    logs: givenLogs ?? (isJournal(env.JOURNAL_STREAM, 1) ? 'stdout' : 'files'),
    inForce: inForceOf(given, groups, settings, repositories),
  }
}

type Files = Pick<Config, 'runDir' | 'instance' | 'adminToken' | 'hookSecret' | 'stackKey'>

/** Null or undefined: the data directory has it. */
interface GivenSecrets {
  token: string | null | undefined
  hookSecret: string | null | undefined
}

const SECRET_FORM = /^[\x21-\x7e]{16,256}$/

/** @throws when the data directory cannot be used */
function makeFiles(dataDir: string, given: GivenSecrets): Files {
  const secret = () => randomBytes(16).toString('hex')
  makeDataDir(dataDir)
  return {
    runDir: makeRunDir(dataDir),
    instance: kept(path.join(dataDir, 'instance'), /^[0-9a-f]{8}$/, () => randomBytes(4).toString('hex')),
    adminToken: given.token ?? kept(path.join(dataDir, 'admin-token'), SECRET_FORM, secret),
    hookSecret: given.hookSecret ?? kept(path.join(dataDir, 'hook-secret'), SECRET_FORM, secret),
    stackKey: kept(path.join(dataDir, 'stack-key'), SECRET_FORM, secret),
  }
}

/**
 * As `readConfig`, but makes nothing: `instance`, the secrets and `runDir` are empty where Lotan has never run.
 * @throws SettingsError with all problems at once
 */
export function readFoundConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return readConfig(env, undefined, (dataDir, given) => ({
    runDir: findRunDir(dataDir) ?? '',
    instance: found(path.join(dataDir, 'instance'), /^[0-9a-f]{8}$/) ?? '',
    adminToken: given.token ?? found(path.join(dataDir, 'admin-token'), SECRET_FORM) ?? '',
    hookSecret: given.hookSecret ?? found(path.join(dataDir, 'hook-secret'), SECRET_FORM) ?? '',
    stackKey: found(path.join(dataDir, 'stack-key'), SECRET_FORM) ?? '',
  }))
}

const api = z
  .object({
    LOTAN_API: launcher.settings.LOTAN_API,
    LOTAN_ENDPOINT_URL: launcher.settings.LOTAN_ENDPOINT_URL,
    LOTAN_ADMIN_TOKEN: admin.settings.LOTAN_ADMIN_TOKEN,
    LOTAN_DATA_DIR: launcher.settings.LOTAN_DATA_DIR,
    TL_DOMAIN: addresses.settings.TL_DOMAIN,
    LOTAN_LISTEN: addresses.settings.LOTAN_LISTEN,
    TERM: launcher.settings.TERM,
    NO_COLOR: launcher.settings.NO_COLOR,
  })
  .check(
    rules(({ LOTAN_API: one, LOTAN_ENDPOINT_URL: other }, { good, refuse }) => {
      if (good('LOTAN_API', 'LOTAN_ENDPOINT_URL') && one !== null && other !== null && one !== other)
        refuse('LOTAN_ENDPOINT_URL', `is another name of LOTAN_API, which is ${quoted(one)}: leave one of them out`)
    }),
  )

export interface ApiConfig {
  /** Scheme, host and port, without a final slash. Null, here and as a token: the data directory says it. */
  api: string | null
  adminToken: string | null
  /** May not exist. */
  dataDir: string
  domain: string
  listen: Config['listen']
  term: string
  hasColours: boolean
  /** Whether this machine shows windows, a browser's among them. */
  hasDisplay: boolean
}

/** Makes no files. @throws SettingsError with all problems at once */
export function readApiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const { data, error } = api.safeParse({ ...env })
  if (!data) throw new SettingsError(problemsOf(error))
  return {
    api: data.LOTAN_API ?? data.LOTAN_ENDPOINT_URL,
    adminToken: data.LOTAN_ADMIN_TOKEN,
    dataDir: path.resolve(data.LOTAN_DATA_DIR),
    domain: data.TL_DOMAIN,
    listen: data.LOTAN_LISTEN,
    term: data.TERM,
    hasColours: data.NO_COLOR === null,
    hasDisplay: process.platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY),
  }
}

/** Of the forge part alone. */
const forgeTokens = z.object({
  LOTAN_FORGE_TOKEN: forge.settings.LOTAN_FORGE_TOKEN,
  LOTAN_FORGE_TOKEN_FILE: forge.settings.LOTAN_FORGE_TOKEN_FILE,
})

/** @returns null where there is none @throws SettingsError where its file cannot be read, or both are given */
export function readForgeToken(env: NodeJS.ProcessEnv = process.env): string | null {
  const { data, error } = forgeTokens.safeParse({ ...env })
  if (!data) throw new SettingsError(problemsOf(error))
  const { LOTAN_FORGE_TOKEN: token, LOTAN_FORGE_TOKEN_FILE: file } = data
  const refuse = (problem: string) => new SettingsError([{ variable: 'LOTAN_FORGE_TOKEN_FILE', problem }], true)
  if (file === null) return token
  if (token !== null) throw refuse('goes not with LOTAN_FORGE_TOKEN: leave one of them out')
  try {
    const read = fs.readFileSync(file, 'utf8').trim()
    if (read !== '') return read
  } catch (error) {
    throw refuse(`is ${quoted(file)}, which cannot be read: ${(error as Error).message}`)
  }
  throw refuse(`is ${quoted(file)}, which is empty`)
}

/**
 * Which images a stack may name, as far as the environment says it; null where it says nothing of that.
 * @throws SettingsError with all problems at once
 */
export function readStackImages(env: NodeJS.ProcessEnv = process.env): readonly string[] | null {
  const given = { ...env }
  const { data: images, error } = z.object({ LOTAN_STACK_IMAGES: stack.settings.LOTAN_STACK_IMAGES }).safeParse(given)
  if (error) throw new SettingsError(problemsOf(error))
  if (images.LOTAN_STACK_IMAGES) return images.LOTAN_STACK_IMAGES
  if (!given.REPOSITORY && !given.LOTAN_REPOSITORIES) return null
  const { data: list, error: unlisted } = listing.safeParse(given)
  if (unlisted) throw new SettingsError(problemsOf(unlisted))
  return standardPatterns(list.listed.map(({ reference }) => reference))
}

/** What no other part is given: nothing that has the engine's socket sees the forge's token. */
export const forgeTokenVariables = ['LOTAN_FORGE_TOKEN', 'LOTAN_FORGE_TOKEN_FILE'] as const

/** `http://red.todowrangler.lotan.localhost:8080`, without a final slash. */
export function urlOf(host: string, { publicUrl }: Pick<Config, 'publicUrl'>): string {
  return `${publicUrl.protocol}//${host}${publicUrl.port === null ? '' : `:${publicUrl.port}`}`
}

/** For a child process: the data directory is made absolute, since its working directory may be another. */
export function environmentFor(
  config: Pick<Config, 'dataDir'>,
  overrides: Record<string, string | undefined> = {},
): NodeJS.ProcessEnv {
  return { ...process.env, LOTAN_DATA_DIR: config.dataDir, ...overrides }
}
