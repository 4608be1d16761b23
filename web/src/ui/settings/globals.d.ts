// What the build writes into the page.

/** The version of Hongyan, as in package.json. */
declare const __HONGYAN_VERSION__: string
