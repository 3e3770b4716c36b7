import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { bytesOf, cpus, disk, integer, memory } from '../values/amount.ts'

const settings = {
  LOTAN_CONTAINER_PORT: setting(integer(1, 65_535), {
    description: 'The port inside the container.',
    without: "the image's only exposed port, else 80",
  }),
  LOTAN_CONTAINER_MEMORY: setting(memory, {
    description: 'The memory of each container.',
    standard: '512m',
  }),
  LOTAN_CONTAINER_CPUS: setting(cpus, {
    description: 'The processors of each container.',
    standard: '1',
  }),
  LOTAN_CONTAINER_PIDS: setting(integer(1, 4_194_304), {
    description: 'The processes and threads of each container.',
    standard: '512',
  }),
  LOTAN_CONTAINER_DISK: setting(disk, {
    description: 'What a preview may write beside its image, in its layer and its volumes.',
    standard: '2g',
  }),
  LOTAN_CONTAINER_MEMORY_MAX: setting(memory, {
    description: 'How far the label `lotan.memory` may raise the memory; never below `LOTAN_CONTAINER_MEMORY`.',
    standard: '2g',
  }),
  LOTAN_CONTAINER_CPUS_MAX: setting(cpus, {
    description: 'How far the label `lotan.cpus` may raise the processors; never below `LOTAN_CONTAINER_CPUS`.',
    standard: '2',
  }),
  LOTAN_CONTAINER_DISK_MAX: setting(disk, {
    description: 'How far the label `lotan.disk` may raise what a preview may write.',
    without: 'as `LOTAN_CONTAINER_DISK`',
  }),
}

export const containers = {
  title: 'Containers',
  settings,
  schema: z
    .object(settings)
    .check(
      rules((given, { good, refuse }) => {
        const { LOTAN_CONTAINER_DISK: disk, LOTAN_CONTAINER_DISK_MAX: most } = given
        if (!good('LOTAN_CONTAINER_DISK', 'LOTAN_CONTAINER_DISK_MAX') || most === null) return
        if (bytesOf(most)! < bytesOf(disk)!)
          refuse('LOTAN_CONTAINER_DISK_MAX', `is ${most}: write at least LOTAN_CONTAINER_DISK, which is ${disk}`)
      }),
    )
    .transform((given) => {
      const { LOTAN_CONTAINER_MEMORY: memory, LOTAN_CONTAINER_CPUS: cpus, LOTAN_CONTAINER_DISK: disk } = given
      const memoryMax = given.LOTAN_CONTAINER_MEMORY_MAX
      return {
        /** Null: the image's own choice. */
        containerPort: given.LOTAN_CONTAINER_PORT,
        /** Amounts as they were set, `512m`. The label `lotan.disk` may raise `disk` to `diskMax`. */
        limits: {
          memory,
          cpus,
          pids: given.LOTAN_CONTAINER_PIDS,
          disk,
          diskMax: given.LOTAN_CONTAINER_DISK_MAX ?? disk,
        },
        /** Labels may raise the limits to these: never less than the limits themselves. */
        ceilings: {
          memory: bytesOf(memoryMax)! > bytesOf(memory)! ? memoryMax : memory,
          cpus: Math.max(given.LOTAN_CONTAINER_CPUS_MAX, cpus),
        },
      }
    }),
}
