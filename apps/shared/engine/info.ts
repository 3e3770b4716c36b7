import os from 'node:os'
import type Docker from 'dockerode'
import { call } from './call.ts'

export interface Info {
  DockerRootDir: string
  Driver: string
  Name: string
  KernelVersion: string
  MemTotal: number
}

interface WithInfo {
  info(options: object): Promise<Info>
}

/** @param doing for the error's words, `asking for its data root` */
export function infoOf(docker: Docker, doing: string): Promise<Info> {
  return call(doing, (abort) => (docker as WithInfo).info(abort))
}

/** A socket may lead to another machine: ssh, a desktop engine. */
export function isThisMachine({ KernelVersion, MemTotal }: Info): boolean {
  return KernelVersion === os.release() && MemTotal === os.totalmem()
}
