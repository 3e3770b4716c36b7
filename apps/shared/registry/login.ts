import type { Config } from '../config/config.ts'
import { helperKey, savedFor, splitReference, type Login, type Saved } from './docker-config.ts'
import { ECR_HELPER, ecrRegion, openEcr } from './ecr.ts'
import { RegistryError } from './error.ts'
import { askHelper } from './credential-helper.ts'

/** For a repository, by its reference. Never returns the `refused` login. */
export function openLogins(config: Pick<Config, 'dockerConfig' | 'awsRegion'>) {
  const ecr = openEcr(config.awsRegion)

  async function findLogin(reference: string, refused?: Login): Promise<Login | undefined> {
    const { helper, store, ownLogin, login } = readSaved(reference, config.dockerConfig)
    const { host } = splitReference(reference)
    const saved = ownLogin ?? login
    const helperName = helper ?? (ecrRegion(host) ? ECR_HELPER : undefined)
    // A helper for all registries knows a registry's login, and not its repositories'.
    for (const name of [helperName, ownLogin ? undefined : store]) {
      if (name === undefined) continue
      const found =
        name === ECR_HELPER
          ? await ecr(host, refused).catch((error: unknown) => {
              // Without AWS credentials, `docker login` may have saved a token.
              if (!saved || !(error instanceof RegistryError) || error.code !== 'aws-credentials') throw error
            })
          : await askHelper(name, helperKey(host))
      if (found) return found
    }
    return saved
  }

  return async (reference: string, refused?: Login): Promise<Login | undefined> => {
    const found = await findLogin(reference, refused)
    return refused && JSON.stringify(found) === JSON.stringify(refused) ? undefined : found
  }
}

function readSaved(reference: string, dockerConfig: string): Saved {
  try {
    return savedFor(reference, dockerConfig)
  } catch (error) {
    const message = `${dockerConfig}/config.json cannot be read: ${(error as Error).message}`
    throw new RegistryError('credentials', message, { cause: error })
  }
}
