/**
 * Lists tags in a process of its own, for logins from the environment (helpers, AWS): one line of JSON for each line
 * read.
 */
import { createInterface } from 'node:readline'
import { readConfig } from '../../shared/config/config.ts'
import { openRegistry, RegistryError } from '../../shared/registry/registry.ts'

const config = readConfig()
const registry = openRegistry({ ...config, repository: config.repositories[0]!.reference })

createInterface({ input: process.stdin }).on('line', () => {
  void listed().then((answer) => console.log(JSON.stringify(answer)))
})

async function listed(): Promise<object> {
  try {
    return { tags: await registry.tags() }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return { code: error.code, message: error.message, program: error.program }
  }
}
