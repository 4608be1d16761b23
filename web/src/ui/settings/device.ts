// Says in a few words what a login runs on, out of what it called itself.

const browsers: readonly (readonly [RegExp, string])[] = [
  [/MicroMessenger/i, '微信'],
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/SamsungBrowser/, 'Samsung Internet'],
  [/Firefox|FxiOS/, 'Firefox'],
  [/HeadlessChrome|Chrome|CriOS|Chromium/, 'Chrome'],
  [/Safari/, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/HarmonyOS/i, 'HarmonyOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Macintosh|Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux|X11/, 'Linux'],
]

const find = (text: string, table: readonly (readonly [RegExp, string])[]): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1]

/** "Chrome · Windows"; what is no browser is shown as it calls itself. */
export const deviceName = (device: string): string => {
  if (!device.startsWith('Mozilla/')) return device
  return [find(device, browsers), find(device, systems)].filter((part) => part !== undefined).join(' · ') || device
}

export const deviceKind = (device: string): 'phone' | 'computer' | 'program' => {
  if (!device.startsWith('Mozilla/')) return 'program'
  return /Mobi|Android|iPhone|iPad/.test(device) ? 'phone' : 'computer'
}
