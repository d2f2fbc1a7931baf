// A real browser uses the page of each stage of examples/legacy-migration: `npm run e2e`.
// Its last view of each page is in e2e/screenshots/.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const screenshots = fileURLToPath(new URL('screenshots', import.meta.url))

/** Longest wait for anything on the page, in milliseconds. */
const PATIENCE_MS = 10_000

const executablePath = findBrowser()
const { program, urls } = await startStages()
const browser = await chromium.launch({
  executablePath,
  // Containers run as root, where Chromium's sandbox cannot be.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  for (const [index, url] of urls.entries()) {
    await visit(url, `stage-${index}`)
    console.log(`stage-${index}: ok`)
  }
} finally {
  await browser.close()
  program.kill()
}

/** Signs up and in, makes a note and a file, which a second tab hears of, and signs out. */
async function visit(url, stage) {
  const context = await browser.newContext()
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await openPage(context, url)
  const account = async (button) => {
    await page.getByPlaceholder('E-mail').fill(`${stage}@example.com`)
    await page.getByPlaceholder('Password').fill('correct horse')
    await page.getByRole('button', { name: button }).click()
    await page.getByText(`${stage}@example.com`).waitFor()
  }
  const signOut = async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  }
  await account('Sign up')
  await signOut()
  await account('Sign in')

  const other = await openPage(context, url)
  for (const tab of [page, other]) await tab.waitForSelector('body[data-feed=open]')

  await page.getByPlaceholder('Title').fill(`Made in ${stage}`)
  await page.getByPlaceholder('Tags, by spaces').fill('live browser')
  await page.getByRole('button', { name: 'Create' }).click()
  for (const tab of [page, other]) await tab.getByText(`Made in ${stage}`).waitFor()

  const buffer = Buffer.from('seen over server-sent events')
  const file = { name: 'file.txt', mimeType: 'text/plain', buffer }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Upload' }).click()
  const label = `file.txt (${buffer.byteLength} bytes)`
  for (const tab of [page, other]) await tab.getByText(label).waitFor()

  const downloading = other.waitForEvent('download')
  await other.getByText(label).click()
  assert.deepEqual(await readFile(await (await downloading).path()), buffer)

  await other.screenshot({ path: join(screenshots, `${stage}.png`) })
  await signOut()
  await context.close()
}

/** A tab in which an error of the page's script, or what its security policy forbids, is a failure. */
async function openPage(context, url) {
  const page = await context.newPage()
  page.on('pageerror', (error) => {
    throw error
  })
  await page.goto(url)
  return page
}

function findBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const paths = (process.env.PATH ?? '').split(delimiter)
  const found = [
    process.env.CHROME_PATH,
    ...paths.flatMap((path) => names.map((name) => join(path, name))),
  ].find((path) => path && existsSync(path))
  if (found) return found
  console.error('No browser: `apt-get install -y chromium`, or set CHROME_PATH to a Chrome.')
  process.exit(1)
}

async function startStages() {
  const app = 'examples/legacy-migration/all-stages.js'
  const program = spawn(process.execPath, ['-r', 'ts-node/register', app], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const urls = []
  for await (const line of createInterface(program.stdout)) {
    if (line.startsWith('http://')) urls.push(line)
    if (urls.length === 3) break
  }
  assert.equal(urls.length, 3, `${app} ended`)
  program.stdout.resume()
  return { program, urls }
}
