const plural = (n: number, one: string, other: string): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : other}`;
const media = (n: number): string => plural(n, 'media', 'media');

/** Texts about media that are taken along from a server. */
export const packsStrings = {
  fetch: {
    button: 'Fetch…',
    buttonOf: (name: string) => `Fetch ${name} to this device`,
    all: (n: number) => `Fetch ${n.toLocaleString('en-US')}…`,
    allLabel: (n: number) => `Fetch ${plural(n, 'item', 'items')} to this device`,
    titleOne: (name: string) => `Fetch ${name}`,
    titleMany: (n: number) => `Fetch ${media(n)}`,
    body: 'Files are copied to this device, so that you can work on them without a network.',
    quality: 'Picture',
    largest: 'Largest',
    upTo: (height: number) => `Up to ${height} lines`,
    option: (label: string, bytes: string) => `${label} · ${bytes}`,
    count: 'Media',
    size: 'Size',
    atLeast: (bytes: string, unknown: number) =>
      unknown === 0 ? bytes : `${bytes} and ${plural(unknown, 'file', 'files')} of unknown size`,
    unknownSize: 'The server does not say',
    time: 'Time',
    timeAt: (time: string, rate: string) => `${time} at ${rate}`,
    timeMeasuring: 'Measuring the link…',
    timeUnknown: 'Not known: the link could not be measured',
    free: 'Free space',
    freeAfter: (free: string, after: string) => `${free}, ${after} afterwards`,
    limit: 'Limit',
    limitAfter: (after: string, limit: string) => `${after} of ${limit} afterwards`,
    keep: 'Keep on this device',
    keepHint: 'Never removed by itself to make room for others.',
    project: (when: string) =>
      `Annotations, types, labels, sections, versions and people of the project come along by themselves. They were last brought up to date ${when}.`,
    projectMissing:
      'Annotations, types, labels, sections, versions and people of the project come along by themselves. They were not brought up to date since the start: wait for “All changes synced” in the status bar before you leave the network.',
    left: (n: number) =>
      `${media(n)} ${n === 1 ? 'has' : 'have'} no file on the server yet and ${n === 1 ? 'is' : 'are'} left out.`,
    noRoom: (needed: string, left: string) =>
      `This does not fit: ${needed} are needed, ${left} can be had. Choose fewer media or a smaller picture, or remove media from this device.`,
    overLimit: (needed: string, limit: string) =>
      `This does not fit below the limit of ${limit} for fetched media: ${needed} more would be needed. Raise the limit in the settings, or remove media from this device.`,
    makesRoom: (bytes: string) =>
      `To make room, fetched media of about ${bytes} that were not opened for the longest time will be removed from this device. They stay on the server.`,
    offline: 'Working offline is switched on: it begins when you switch that off.',
    go: 'Fetch',
  },
  card: {
    waiting: 'Waiting to be fetched',
    receiving: 'Fetching',
    checking: 'Checking what arrived',
    paused: 'Fetching paused',
    held: (why: string) => `Fetching waits: ${why}`,
    failed: 'Fetching stopped',
    pause: 'Pause',
    resume: 'Resume',
    cancel: 'Cancel',
    pauseOf: (name: string) => `Pause fetching ${name}`,
    resumeOf: (name: string) => `Resume fetching ${name}`,
    cancelOf: (name: string) => `Cancel fetching ${name}`,
    keepOf: (name: string) => `Keep ${name} on this device`,
    keptOf: (name: string) => `${name} is kept on this device; let it go when room is needed`,
    removeOf: (name: string) => `Remove ${name} from this device`,
    speed: (bytes: string) => `${bytes}/s`,
    onlyHere: 'Only on this device',
  },
  panel: {
    title: 'On this device',
    open: 'On this device',
    underway: (n: number) => `${media(n)} underway`,
    close: 'Close the list of fetched media',
    list: 'Fetched media',
    empty: 'Nothing is fetched yet',
    emptyHint: 'Choose Fetch on a media, a section or a search to take it along for work without a network.',
    left: (n: number, bytes: string) => `${media(n)}, ${bytes} to fetch`,
    pausedLeft: (n: number) => `${media(n)} paused`,
    stopped: (n: number) => `${media(n)} stopped`,
    done: (when: string) => `done ${when}`,
    allHere: (n: number) => `${media(n)} fetched`,
    pauseAll: 'Pause all',
    resumeAll: 'Resume all',
    of: (done: string, total: string) => `${done} of ${total}`,
    used: (when: string) => `Opened ${when}`,
    fetched: (when: string) => `Fetched ${when}`,
    disk: (fetched: string, free: string) => `${fetched} fetched · ${free} free on this disk`,
    diskLimit: (fetched: string, limit: string, free: string) =>
      `${fetched} of ${limit} fetched · ${free} free on this disk`,
    settings: 'Limit…',
  },
  remove: {
    title: (name: string) => `Remove ${name} from this device?`,
    frees: (bytes: string) => `${bytes} become free on this disk. What stays:`,
    onServer: 'The media, with all its files, on the server. It can be fetched again.',
    annotations: 'All its annotations, on this device and on the server.',
    unsynced: (n: number) =>
      n === 1
        ? '1 edit of it that waits to be sent: it stays here and is sent as before.'
        : `${plural(n, 'edit', 'edits')} of it that wait to be sent: they stay here and are sent as before.`,
    original: 'The file that you added stays where you have it; only the copy of this program goes.',
    go: 'Remove from this device',
    done: (name: string) => `${name} was removed from this device`,
    doneBody: 'It stays on the server, and its annotations stay here.',
    kept: {
      'only-copy': 'The server has it no more: this is the only copy, and it was kept.',
      'not-uploaded': 'The server does not have the whole file yet: it was kept.',
      'not-here': 'It is not on this device.',
    },
  },
  evicted: (n: number, bytes: string) => `${media(n)} (${bytes}) made room`,
  evictedBody: (names: readonly string[]) => {
    const others = names.length > 3 ? ` and ${names.length - 3} more` : '';
    return `${names.slice(0, 3).join(', ')}${others}: removed from this device, longest unused. They stay on the server; annotations stay here.`;
  },
  cache: {
    section: 'Media on this device',
    fetched: 'Fetched from servers',
    pinned: 'of these kept for good',
    own: 'Added on this device',
    free: 'Free on this disk',
    amount: (n: number, bytes: string) => `${bytes} · ${media(n)}`,
    limit: 'Limit for fetched media',
    limitHint:
      'What was not opened for the longest time goes first. Never removed: media that you keep, media with edits that wait to be sent, and files that you added.',
    noLimit: 'No limit',
    confirmTitle: (limit: string) => `Fetched media are now more than ${limit}`,
    confirm: (n: number, bytes: string) =>
      `${media(n)} (${bytes}), longest unused, would be removed from this device at once. They stay on the server and can be fetched again; all annotations stay.`,
    over: (bytes: string) =>
      `${bytes} more than that must stay: media that you keep, with edits that wait to be sent, or of another account.`,
    apply: 'Set the limit and remove',
    evict: 'Remove what is not kept…',
    evictTitle: 'Remove all fetched media that you do not keep?',
    evictGo: 'Remove from this device',
    nothing: 'Nothing can be removed: all fetched media are kept, or have edits that wait to be sent.',
    reserve: (bytes: string) => `Fetches always leave ${bytes} free for your edits.`,
    cancel: 'Cancel',
    failed: 'The disk could not be looked at.',
  },
} as const;
