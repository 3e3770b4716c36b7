/**
 * Puts images for tests into a registry without the engine, which takes 0.8 s of a processor to build and push a small
 * one. References are like `127.0.0.1:40123/todowrangler:red`.
 */
import { appImage, brokenImage, itemsImage, postgresImage, redisImage, smallImage } from './made.ts'
import type { Made, Recipe } from './recipe.ts'
import { putImage, type Login } from './upload.ts'

export async function publishApp(reference: string, recipe?: Recipe): Promise<void> {
  await publish(reference, await appImage(recipe))
}

export async function publishApps(repository: string, tags: string[], recipe?: Recipe, login?: Login): Promise<void> {
  await putImage(repository, tags, await appImage(recipe), login)
}

export async function publishSmall(reference: string, page: string, recipe?: Recipe, login?: Login): Promise<void> {
  await publish(reference, await smallImage(page, recipe), login)
}

export async function publishBroken(reference: string): Promise<void> {
  await publish(reference, await brokenImage())
}

/** An application that keeps its items in a database: see items.ts. */
export async function publishItems(reference: string, recipe?: Recipe): Promise<void> {
  await publish(reference, await itemsImage(recipe))
}

/** Debian's Redis. */
export async function publishRedis(reference: string, recipe?: Recipe): Promise<void> {
  await publish(reference, await redisImage(recipe))
}

/** Debian's PostgreSQL. */
export async function publishPostgres(reference: string, recipe?: Recipe): Promise<void> {
  await publish(reference, await postgresImage(recipe))
}

async function publish(reference: string, image: Made, login?: Login): Promise<void> {
  const colon = reference.lastIndexOf(':')
  await putImage(reference.slice(0, colon), [reference.slice(colon + 1)], image, login)
}
