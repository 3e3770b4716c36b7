import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { setting } from '../setting.ts'
import { dockerHost, redisUrl, region } from '../values/address.ts'
import { anyText } from '../values/text.ts'

const settings = {
  DOCKER_HOST: setting(dockerHost, {
    description: 'Which engine: `unix:///path/of/docker.sock` or `tcp://host:port`.',
    without: "the engine's own",
    services: 'workers',
  }),
  DOCKER_CONFIG: setting(anyText, {
    description: 'The directory of the registry logins (`config.json`).',
    without: '`~/.docker`',
    services: 'workers',
  }),
  AWS_REGION: setting(region, {
    description: 'For AWS ECR: the region of an address that names none. Wins over `AWS_DEFAULT_REGION`.',
    services: 'workers',
  }),
  AWS_DEFAULT_REGION: setting(region, {
    description: "The same, as AWS's own tools take it.",
    services: 'workers',
  }),
  AWS_ACCESS_KEY_ID: setting(anyText, {
    description: "For AWS ECR, as AWS's own tools take it. No container is given it.",
    services: 'workers',
  }),
  AWS_SECRET_ACCESS_KEY: setting(anyText, { description: 'The same.', services: 'workers', secret: true }),
  AWS_SESSION_TOKEN: setting(anyText, { description: 'The same.', services: 'workers', secret: true }),
  AWS_PROFILE: setting(anyText, { description: 'Which profile of `~/.aws/*`.', services: 'workers' }),
  NODE_EXTRA_CA_CERTS: setting(anyText, {
    description: 'A file (PEM) with the authority of a registry whose certificate is not publicly known.',
    services: 'workers',
  }),
  REDIS_URL: setting(redisUrl, {
    description: "BullMQ's Redis.",
    without: 'a private Redis',
    services: 'workers',
    secret: true,
  }),
}

export const surroundings = {
  title: 'Engine, registry, Redis',
  settings,
  // AWS's SDK and Node read the rest themselves.
  schema: z.object(settings).transform((given) => ({
    dockerHost: given.DOCKER_HOST,
    /** The directory of `config.json`. */
    dockerConfig: path.resolve(given.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker')),
    /** For registries whose name has none; null leaves it to the SDK, which reads AWS_REGION alone. */
    awsRegion: given.AWS_REGION ?? given.AWS_DEFAULT_REGION,
    redisUrl: given.REDIS_URL,
  })),
}
