import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { key, type Served, serve } from '../../../packages/service/test/serve.ts'

let served: Served
let browser: Browser
beforeAll(async () => {
  served = await serve()
  // Chromium's sandbox does not run as root, as CI does.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args })
})
afterAll(async () => {
  await browser.close()
  await served.service.close()
})

/** All that a page complains of, and whom it asks. */
const watched = (page: Page): { readonly complaints: string[]; readonly asked: Set<string> } => {
  const complaints: string[] = []
  const asked = new Set<string>()
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  return { complaints, asked }
}

it('shows its description in a browser under its own policy, and asks itself alone', async () => {
  const page = await browser.newPage()
  const { complaints, asked } = watched(page)
  await page.goto(`${served.service.url}/docs`)
  const call = page.locator('.opblock', { hasText: '/v1/whoami' })
  await call.locator('.opblock-summary').click()

  await page.locator('.btn.authorize').first().click()
  await page.locator('.auth-container input').fill(key)
  await page.locator('.auth-btn-wrapper .authorize').click()
  await page.locator('.btn-done').click()
  await call.locator('.try-out__btn').click()
  await call.locator('.execute').click()
  const answer = call.locator('.live-responses-table')
  await expect.poll(() => answer.innerText()).toMatch(/"name": "shop"/)

  expect(complaints).toEqual([])
  expect([...asked]).toEqual([served.service.url])
}, 60_000)
