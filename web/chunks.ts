// Which modules come together: what is needed at the same time is one file, not forty.

const groups: readonly (readonly [name: string, modules: RegExp])[] = [
  ['vendor', /\/node_modules\/(vue|@vue|vue-router|vue-i18n|@intlify|idb|@tanstack)\//],
  ['model', /\/src\/(client|model)\//],
  ['settings', /\/src\/ui\/settings\/(?!parts\b)/],
  ['session', /\/src\/ui\/session\/(?!rules\b)/],
  ['chat', /\/src\/ui\/chat\/(?!emoji\/|.*Dialog\.vue|SearchPanel|media\/(PictureViewer|zoom)\b)/],
  // Nobody needs it before they open it.
  ['emoji', /\/node_modules\/emoji-picker-element\/|\/src\/ui\/chat\/emoji\//],
  ['lists', /\/src\/ui\/(conversations\/|search\/|contacts\/(AddMenu|VirtualRows)\b)/],
  ['contacts', /\/src\/ui\/(contacts\/(?!words\b)|group\/|inbox\/)/],
  // Dialogs and menus, and reka-ui, which is behind them.
  ['dialogs', /\/node_modules\/(reka-ui|@floating-ui|aria-hidden)\/|\/src\/ui\/base\/(BaseDialog|BasePopover|ConfirmDialog|OpenMenu|MenuEntry|menu\.css)/],
  ['crop', /\/src\/ui\/base\/(CropDialog|crop)\b/],
  ['core', /\/node_modules\/@lucide\/|\/src\/ui\/(base|frame|theme)\/|\/src\/ui\/i18n\/(?!en\/|zh-CN\/)|\/src\/ui\/(preferences|model|session\/rules|settings\/parts|contacts\/words)\.ts/],
]

/** The chunk of a module; undefined leaves it to the bundler. */
export const chunkOf = (module: string): string | undefined => groups.find(([, modules]) => modules.test(module))?.[0]
