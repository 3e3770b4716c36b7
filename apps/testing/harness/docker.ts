/**
 * The engine's HTTP API without Lotan's code between: what a person does with `docker`, and what cleans up after a
 * test.
 */
import { once } from 'node:events'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { text } from 'node:stream/consumers'
import { http } from '../../shared/http.ts'
import { surroundings } from './surroundings.ts'

interface Listed {
  Id: string
  Names: string[]
  Labels: Record<string, string>
  State: string
  Ports: { IP?: string; PublicPort?: number }[]
}

const keepAlive = new http.Agent({ keepAlive: true })

/** @throws when the engine refuses, with its words; 304 passes */
export async function docker<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  const sent = body === undefined ? '' : JSON.stringify(body)
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': sent.length }
  const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const request = http.request({ ...engineAddress(), agent: keepAlive, method, path, headers }, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (answer += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, answer }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(sent)
  })
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${answer.trim()}`)
  return (answer ? parsed(answer) : undefined) as T
}

export interface NetworkOf {
  HostConfig: { NetworkMode: string; PortBindings: Record<string, { HostIp: string; HostPort: string }[]> }
  NetworkSettings: { Networks: Record<string, { IPAddress: string }> }
}

/** What has a container's network: itself, or the sandbox that it joins. */
export async function networkOf(id: string): Promise<NetworkOf> {
  const found = await docker<NetworkOf>('GET', `/containers/${id}/json`)
  const joins = /^container:(.+)$/.exec(found.HostConfig.NetworkMode)?.[1]
  return joins ? networkOf(joins) : found
}

/** On its only network. */
export async function addressOf(id: string): Promise<string> {
  const { NetworkSettings } = await networkOf(id)
  return Object.values(NetworkSettings.Networks)[0]!.IPAddress
}

export async function kill(id: string): Promise<void> {
  await docker('POST', `/containers/${id}/kill`)
}

export async function removeByHand(id: string): Promise<void> {
  await docker('DELETE', `/containers/${id}?force=1&v=1`).catch(unlessGone)
}

export async function removeVolumeByHand(name: string): Promise<void> {
  await docker('DELETE', `/volumes/${name}`).catch(unlessGone)
}

/** `docker load`. @param tar an archive as `docker save` writes it */
export async function loadByHand(tar: Buffer): Promise<void> {
  const headers = { 'Content-Type': 'application/x-tar', 'Content-Length': tar.length }
  const request = http.request({ ...engineAddress(), method: 'POST', path: '/images/load?quiet=1', headers })
  request.end(tar)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const answer = await text(response)
  // What goes wrong later is told in the body of a 200.
  if (response.statusCode !== 200 || answer.includes('"error')) throw new Error(`docker load: ${answer.trim()}`)
}

/** @param reference with registry and tag */
export async function tagByHand(image: string, reference: string): Promise<void> {
  const colon = reference.lastIndexOf(':')
  const name = `repo=${encodeURIComponent(reference.slice(0, colon))}&tag=${reference.slice(colon + 1)}`
  await docker('POST', `/images/${encodeURIComponent(image)}/tag?${name}`)
}

/** Passes when the image is missing. */
export async function removeImageByHand(reference: string): Promise<void> {
  await docker('DELETE', `/images/${encodeURIComponent(reference)}?force=1`).catch(unlessGone)
}

/** Removes nameless images of tests, except young ones, which a concurrent test may be using. */
export async function pruneTestImages(): Promise<void> {
  const filters = { dangling: ['true'], label: ['lotan.test=true'], until: ['10m'] }
  await docker('POST', `/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`).catch(() => {})
}

/** @param label `lotan.instance=0123abcd`; in any state */
export async function containersWith(label: string): Promise<Listed[]> {
  return docker('GET', `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`)
}

/** @param prefix `127.0.0.1:5000/` */
export async function imagesBelow(prefix: string): Promise<string[]> {
  const images = await docker<{ RepoTags: string[] | null }[]>('GET', '/images/json')
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name.startsWith(prefix))
}

/** An address of this machine outside of loopback, where the engine wants TLS: its default bridge's. */
export async function bridgeAddress(): Promise<string> {
  const { IPAM } = await docker<{ IPAM: { Config: { Subnet: string; Gateway?: string }[] } }>('GET', '/networks/bridge')
  const { Subnet, Gateway } = IPAM.Config[0]!
  // An engine that has just made its bridge tells no gateway until it restarts: it is the subnet's first address.
  return Gateway ?? Subnet.replace(/\.\d+\/\d+$/, '.1')
}

export async function removeNetworkByHand(name: string): Promise<void> {
  await docker('DELETE', `/networks/${name}`).catch(unlessGone)
}

/** A busy engine may keep the place of a container that is gone already. @returns what was there */
export async function clearNetworkByHand(name: string): Promise<string[]> {
  const found = await docker<{ Containers: Record<string, { Name: string }> }>('GET', `/networks/${name}`)
  const all = Object.entries(found.Containers)
  for (const [id] of all)
    await docker('POST', `/networks/${name}/disconnect`, { Container: id, Force: true }).catch(unlessGone)
  return all.map(([, { Name }]) => Name)
}

/** Networks and volumes of stacks, once no container is left. */
export async function removeStacksByHand(instance: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`lotan.instance=${instance}`] }))
  const networks = await docker<{ Name: string }[]>('GET', `/networks?filters=${filters}`)
  for (const { Name } of networks) if (Name.startsWith('lotan-stack-')) await removeNetworkByHand(Name)
  const { Volumes } = await docker<{ Volumes: { Name: string }[] | null }>('GET', `/volumes?filters=${filters}`)
  for (const { Name } of Volumes ?? []) await removeVolumeByHand(Name)
}

export function engineAddress(): RequestOptions {
  const host = surroundings.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) }
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'))
  return { host: hostname, port: port || 2375 }
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return answer
  }
}

function unlessGone(error: Error) {
  if (!/: (404|409) /.test(error.message)) throw error
}
