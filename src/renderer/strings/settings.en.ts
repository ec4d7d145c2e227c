/** Texts of the settings. */
export const settingsStrings = {
  title: 'Settings',
  close: 'Close the settings',
  sections: {
    appearance: 'Appearance',
    data: 'Your data',
    ffmpeg: 'Video formats',
    accounts: 'Accounts',
    about: 'About',
    licences: 'Licences',
  },
  theme: {
    label: 'Theme',
    hint: 'Dark is made for a bridge at night, light for a lab bench.',
    system: 'System',
    dark: 'Dark',
    light: 'Light',
  },
  data: {
    folder: 'Folder',
    hint: 'Edits, videos that you added and the safety log are kept here. Copy the whole folder to make a backup; close Tidemark first.',
    copy: 'Copy path',
    copied: 'Copied',
  },
  ffmpeg: {
    found: 'ffmpeg is installed',
    version: 'Version',
    path: 'Program',
    missing: 'ffmpeg was not found',
    missingHint:
      'Without it, Tidemark plays and measures H.264, VP8, VP9 and AV1 videos. HEVC, ProRes and AVI, and the conversion for the built-in server, need the ffmpeg program.',
    howToGet: 'How to get it',
  },
  accounts: {
    none: 'You are not signed in to any server.',
    builtIn: 'Built-in server',
    active: 'In use',
    signedIn: 'Signed in',
    signInNeeded: 'Sign in needed',
    manage: 'Manage accounts',
  },
  about: {
    name: 'Tidemark',
    line: 'Annotate marine video and images for weeks without a network, and lose nothing.',
    version: 'Version',
    mode: 'Runs as',
    modes: { electron: 'Desktop app', browser: 'Browser page of this machine' },
    licence: 'Licence',
    licenceName: 'Apache-2.0',
  },
  licences: {
    hint: 'Tidemark is built on this free software.',
    show: (n: number) => `Show all ${n}`,
    name: 'Program',
    licence: 'Licence',
  },
  unknown: 'Waiting for the background process…',
} as const;
