// What kind of thing a login runs on, by the name that the server gives it: "Chrome, Windows", "Safari, iOS", "hongyan-client/0.1.0".

export const deviceKind = (device: string): 'phone' | 'computer' | 'program' => {
  if (/\b(Android|iOS|iPadOS)$/.test(device)) return 'phone'
  return /\b(Windows|macOS|ChromeOS|Linux)$/.test(device) ? 'computer' : 'program'
}

/** "Chrome · Windows" */
export const deviceName = (device: string): string => device.replace(', ', ' · ')
