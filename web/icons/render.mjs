// Makes the pictures of public/icon.svg that browsers and phones ask for: `npm run icons`. CHROMIUM names the browser.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const folder = new URL('../public/', import.meta.url)
const svg = readFileSync(new URL('icon.svg', folder), 'utf8')
// A phone cuts its own shape out of these: no corners of ours, and the goose within the middle.
const full = svg.replace(' rx="116"', '').replace('translate(55 75) scale(6.1)', 'translate(88 104) scale(5.1)')

const pictures = [
  ['icon-192.png', 192, svg],
  ['icon-512.png', 512, svg],
  ['icon-maskable-512.png', 512, full],
  ['apple-touch-icon.png', 180, full],
]

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  for (const [name, size, source] of pictures) {
    const page = await browser.newPage({ viewport: { width: size, height: size } })
    await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${source}`)
    await page.screenshot({ path: new URL(name, folder).pathname, omitBackground: true })
    await page.close()
  }
} finally {
  await browser.close()
}
