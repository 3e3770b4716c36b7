import type { Config } from '../config/config.ts'
import { helperKey, savedFor, type Login, type Saved } from './docker-config.ts'
import { ECR_HELPER, ecrRegion, openEcr } from './ecr.ts'
import { RegistryError } from './error.ts'
import { askHelper } from './credential-helper.ts'

/** Never returns the `refused` login. */
export function openLogins(config: Pick<Config, 'dockerConfig' | 'awsRegion'>) {
  const ecr = openEcr(config.awsRegion)

  async function findLogin(host: string, refused?: Login): Promise<Login | undefined> {
    const { helper, store, login } = readSaved(host, config.dockerConfig)
    const helperName = helper ?? (ecrRegion(host) ? ECR_HELPER : undefined)
    for (const name of [helperName, store]) {
      if (name === undefined) continue
      const found =
        name === ECR_HELPER
          ? await ecr(host, refused).catch((error: unknown) => {
              // Without AWS credentials, `docker login` may have saved a token.
              if (!login || !(error instanceof RegistryError) || error.code !== 'aws-credentials') throw error
            })
          : await askHelper(name, helperKey(host))
      if (found) return found
    }
    return login
  }

  return async (host: string, refused?: Login): Promise<Login | undefined> => {
    const found = await findLogin(host, refused)
    return refused && JSON.stringify(found) === JSON.stringify(refused) ? undefined : found
  }
}

function readSaved(host: string, dockerConfig: string): Saved {
  try {
    return savedFor(host, dockerConfig)
  } catch (error) {
    const message = `${dockerConfig}/config.json cannot be read: ${(error as Error).message}`
    throw new RegistryError('credentials', message, { cause: error })
  }
}
