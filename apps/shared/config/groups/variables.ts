import { z } from 'zod'
import { containerEnvOf } from '../container-env.ts'
import { setting } from '../setting.ts'
import { repositories } from '../values/address.ts'
import { anyText } from '../values/text.ts'

const settings = {
  ENV_ARGS: setting(anyText, {
    description: 'Variables for every container: `-e A=1 -e "B=two words"` or `A=1 B=2`, quoted as a shell would.',
    services: 'workers',
  }),
  // X stands for any name: Compose cannot list it.
  LOTAN_CONTAINER_ENV_X: setting(anyText, {
    description: 'Gives every container the variable `X`, whatever name stands there. It wins over `ENV_ARGS`.',
    services: 'none',
  }),
  LOTAN_CONTAINER_ENV_NAME__X: setting(anyText, {
    description: 'Gives `X` to the containers of the repository of that name alone, in capitals: `…_API__DEBUG`.',
    services: 'none',
  }),
}

export const variables = {
  title: 'Variables',
  settings,
  // All of the environment, since `-e NAME` passes on a variable of any name.
  schema: z.record(z.string(), z.string().optional()).transform((env, ctx) => ({
    containerEnv: containerEnvOf(env, namesIn(env), (variable, message) =>
      ctx.addIssue({ code: 'custom', path: [variable], message }),
    ),
  })),
}

/** None where the list cannot be used, which another problem says. */
function namesIn({ LOTAN_REPOSITORIES: text }: Record<string, string | undefined>): string[] {
  return (repositories.safeParse(text ?? '').data ?? []).map(({ name }) => name)
}
