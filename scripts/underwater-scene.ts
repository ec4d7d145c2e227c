/** Draws a dive by numbers alone: dark water, light from above, drifting snow, jellyfish, a school of fish. */

export type Picture = {
  readonly width: number;
  readonly height: number;
  /** RGB, 3 bytes a pixel. */ readonly pixels: Uint8Array;
};

type Colour = readonly [red: number, green: number, blue: number];
type Point = { readonly x: number; readonly y: number };

export function newPicture(width: number, height: number): Picture {
  return { width, height, pixels: new Uint8Array(width * height * 3) };
}

/** Paints the scene as it is `seconds` into the dive. The same arguments always give the same bytes. */
export function paintScene(picture: Picture, seconds: number): void {
  paintWater(picture, seconds);
  paintSnow(picture, seconds);
  paintSchool(picture, seconds);
  for (const jelly of jellies) paintJelly(picture, jelly, seconds);
  paintSeafloor(picture, seconds);
}

/** Fills a rectangle given in pixels. */
export function fillRect(
  picture: Picture,
  rect: { x: number; y: number; width: number; height: number },
  colour: Colour,
): void {
  for (let y = Math.round(rect.y); y < Math.round(rect.y + rect.height); y++) {
    for (let x = Math.round(rect.x); x < Math.round(rect.x + rect.width); x++)
      blend(picture, { x, y }, colour, 1);
  }
}

function paintWater({ width, height, pixels }: Picture, seconds: number): void {
  for (let y = 0; y < height; y++) {
    const depth = y / height;
    for (let x = 0; x < width; x++) {
      const across = x / width - 0.12 * depth;
      const wave = Math.sin(across * 19 + seconds * 0.21) + Math.sin(across * 31 - seconds * 0.13 + 1.7);
      const shaft = Math.max(0, wave) * 0.5 * (1 - depth) ** 2;
      // a fixed grain of one step hides the bands that dark gradients show in 8 bits
      const grain = noise(x + y * width) - 0.5;
      const at = (y * width + x) * 3;
      pixels[at] = 4 + 12 * (1 - depth) + 22 * shaft + grain;
      pixels[at + 1] = 18 + 62 * (1 - depth) ** 1.4 + 52 * shaft + grain;
      pixels[at + 2] = 42 + 88 * (1 - depth) ** 1.2 + 50 * shaft + grain;
    }
  }
}

function paintSnow(picture: Picture, seconds: number): void {
  for (let i = 0; i < 70; i++) {
    const speed = 0.008 + 0.02 * noise(i * 3.1);
    const x = wrap(noise(i * 1.7) + 0.02 * Math.sin(seconds * 0.7 + i) - seconds * 0.012);
    const y = wrap(noise(i * 2.3) + seconds * speed);
    const radius = 0.8 + 1.4 * noise(i * 5.9);
    fillEllipse(picture, { x: x * picture.width, y: y * picture.height }, [radius, radius], {
      colour: [190, 220, 225],
      alpha: 0.45,
    });
  }
}

const jellies = [
  { x: 0.7, y: 0.42, size: 0.13, pace: 1.1, colour: [232, 150, 190] },
  { x: 0.33, y: 0.27, size: 0.075, pace: 1.4, colour: [170, 190, 240] },
  { x: 0.9, y: 0.2, size: 0.05, pace: 1.7, colour: [240, 190, 160] },
] as const;

function paintJelly(picture: Picture, jelly: (typeof jellies)[number], seconds: number): void {
  const beat = Math.sin(seconds * jelly.pace * Math.PI);
  const radius = jelly.size * picture.height * (1 + 0.08 * beat);
  const tall = jelly.size * picture.height * (0.85 - 0.1 * beat);
  const x = wrap(jelly.x - seconds * 0.011) * picture.width;
  const y = (jelly.y + 0.03 * Math.sin(seconds * 0.5 + jelly.x * 9)) * picture.height;
  for (let arm = -3; arm <= 3; arm++) {
    for (let step = 0; step < 46; step++) {
      const along = step / 46;
      const sway = Math.sin(along * 5 - seconds * 2.1 + arm) * radius * 0.16 * along;
      const at = { x: x + (arm / 3.6) * radius * (1 - 0.35 * along) + sway, y: y + along * radius * 2.6 };
      fillEllipse(picture, at, [radius * 0.035 + 0.6, 1.4], {
        colour: jelly.colour,
        alpha: 0.3 * (1 - along),
      });
    }
  }
  for (let shell = 0; shell < 5; shell++) {
    const scale = 1 - shell * 0.17;
    fillEllipse(picture, { x, y }, [radius * scale, tall * scale], {
      colour: jelly.colour,
      alpha: 0.17,
      floor: y + radius * 0.16,
    });
  }
}

function paintSchool(picture: Picture, seconds: number): void {
  for (let i = 0; i < 16; i++) {
    const x = wrap(-0.1 + noise(i * 7.7) * 0.34 + seconds * 0.075, 1.3, 0.15) * picture.width;
    const y = (0.58 + noise(i * 4.3) * 0.22 + 0.012 * Math.sin(seconds * 1.9 + i)) * picture.height;
    const length = (0.022 + 0.014 * noise(i * 8.9)) * picture.height * 1.6;
    const shade: Colour = [70 + 20 * noise(i), 120, 140];
    fillEllipse(picture, { x, y }, [length, length * 0.32], { colour: shade, alpha: 0.85 });
    fillEllipse(picture, { x, y: y + length * 0.1 }, [length * 0.8, length * 0.16], {
      colour: [150, 190, 195],
      alpha: 0.5,
    });
    for (let step = 0; step < length * 0.6; step++) {
      const flap = Math.sin(seconds * 9 + i) * step * 0.12;
      fillEllipse(picture, { x: x - length - step * 0.8, y: y + flap }, [1, step * 0.5 + 0.5], {
        colour: shade,
        alpha: 0.6,
      });
    }
  }
}

function paintSeafloor(picture: Picture, seconds: number): void {
  for (let x = 0; x < picture.width; x++) {
    const place = x / picture.width + seconds * 0.004;
    const ridge =
      0.85 + 0.03 * Math.sin(place * 7) + 0.018 * Math.sin(place * 23 + 1) + 0.006 * Math.sin(place * 71);
    const top = Math.round(ridge * picture.height);
    for (let y = top; y < picture.height; y++)
      blend(picture, { x, y }, [6, 16, 26], Math.min(1, 0.5 + (y - top) / 24));
  }
}

/** An ellipse with a soft rim; nothing below `floor` is painted. */
function fillEllipse(
  picture: Picture,
  centre: Point,
  [radiusX, radiusY]: readonly [number, number],
  { colour, alpha, floor = Infinity }: { colour: Colour; alpha: number; floor?: number },
): void {
  const bottom = Math.min(Math.ceil(centre.y + radiusY), Math.floor(floor));
  for (let y = Math.floor(centre.y - radiusY); y <= bottom; y++) {
    for (let x = Math.floor(centre.x - radiusX); x <= Math.ceil(centre.x + radiusX); x++) {
      const distance = ((x - centre.x) / radiusX) ** 2 + ((y - centre.y) / radiusY) ** 2;
      if (distance < 1) blend(picture, { x, y }, colour, alpha * Math.min(1, (1 - distance) * 3));
    }
  }
}

function blend({ width, height, pixels }: Picture, { x, y }: Point, colour: Colour, alpha: number): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const at = (y * width + x) * 3;
  for (const [i, value] of colour.entries()) {
    pixels[at + i] = (pixels[at + i] ?? 0) * (1 - alpha) + value * alpha;
  }
}

/** A number in [0, 1) that looks random and depends on `seed` alone. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return value - Math.floor(value);
}

/** Folds `value` into [-margin, size - margin). */
function wrap(value: number, size = 1, margin = 0): number {
  return ((((value + margin) % size) + size) % size) - margin;
}
