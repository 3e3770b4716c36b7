import { ForgeError } from './forge.ts'

/**
 * Undefined where the forge says that there is no such thing. A forge says the same of a repository that the token no longer
 * opens, which must not look as if each of its pull requests were gone: so the repository is asked for, too.
 */
export async function ifThere<T>(call: Promise<T>, askForRepository: () => Promise<unknown>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'missing') throw error
    await askForRepository()
    return undefined
  }
}
