/** What every container is to the engine that runs what others wrote: a preview's, and a service's. Pure. */
import type { Limits } from '../../shared/config/limits.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import type { CreateOptions } from '../../shared/engine/engine.ts'

export interface Run {
  /** The engine's id. */
  image: string
  env: string[]
  /** Undefined: the image's own. */
  stopSignal: string | undefined
  init: boolean
  limits: Limits
  /** Its name. */
  network: string
}

/** What web servers need to bind port 80 and to run their workers as another user. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID']

const CPU_PERIOD_US = 100_000
/**
 * A preview weighs as much as one process of the machine. With an eighth of that, a click waited 6 s instead of 1.2 s
 * on a busy machine, and unpacking a pull starved running previews.
 */
const CPU_SHARES = 1_024
/** When the machine runs out of memory, the kernel ends previews before Lotan and nginx. */
const OOM_SCORE = 500

export function cpuQuota(cpus: number): number {
  return Math.round(cpus * CPU_PERIOD_US)
}

export function hardened({ image, env, stopSignal, init, limits, network }: Run): CreateOptions {
  return {
    Image: image,
    Env: env,
    ...(stopSignal && { StopSignal: stopSignal }),
    // Lotan probes the application itself; the image's own check would run as often as the image likes.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: network,
      RestartPolicy: { Name: 'no' },
      // Most applications do not handle SIGTERM as process 1. Under an init they stop at once and leave no zombies, and
      // the start takes no longer (244 ms against 243).
      Init: init,
      Memory: bytesOf(limits.memory)!,
      MemorySwap: bytesOf(limits.memory)!,
      // Not NanoCpus: the engine refuses more CPUs than it has.
      CpuPeriod: CPU_PERIOD_US,
      CpuQuota: cpuQuota(limits.cpus),
      CpuShares: CPU_SHARES,
      PidsLimit: limits.pids,
      OomScoreAdj: OOM_SCORE,
      // Core files would fill the disk. Only lowered: the engine refuses a start that asks for more than its own limit.
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    },
  }
}

/** No part of what is compared: it depends on the engine, and a kept container may stay in its old one. */
export function inGroup(options: CreateOptions, groupParent: string | undefined): CreateOptions {
  return { ...options, HostConfig: { ...options.HostConfig, ...(groupParent && { CgroupParent: groupParent }) } }
}
