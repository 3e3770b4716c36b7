/** The environment that a test passes on: enough to find programs and the engine, and no settings. */
import { environmentFor } from '../../shared/config/config.ts'

const { PATH, HOME, TMPDIR, DOCKER_HOST, NODE_COMPILE_CACHE } = environmentFor({ dataDir: '' })

export const surroundings: Record<string, string> = Object.fromEntries(
  Object.entries({ PATH, HOME, TMPDIR, DOCKER_HOST, NODE_COMPILE_CACHE }).filter(
    (entry): entry is [string, string] => !!entry[1],
  ),
)
