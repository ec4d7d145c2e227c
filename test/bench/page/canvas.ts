import { Canvas, Point, Rect } from 'fabric';
import { ActiveLayer } from '../../../src/renderer/editor/active-layer.ts';
import { CanvasController } from '../../../src/renderer/editor/canvas-controller.svelte.ts';
import { paintPassive } from '../../../src/renderer/editor/passive-layer.ts';
import type { Shape } from '../../../src/renderer/editor/shape.ts';

const size = { width: 1280, height: 720 };
const zoom = 2;

/** Script time of each frame, ms. */
export interface Frames {
  drag: number[];
  pan: number[];
}

/** The editor's layers as `Canvas.svelte` drives them: the passive one only when data or view change. */
async function layered(count: number, frames: number): Promise<Frames> {
  const shapes = shapesOf(count);
  const [passive, fabric] = [addCanvas(), addCanvas()];
  const context = passive.getContext('2d')!;
  const layer = new ActiveLayer(fabric);
  const selectedKey = shapes[0]!.key;
  const nothing = (): void => undefined;
  const controller = new CanvasController(
    () => ({ shapes, selectedKey, media: size, mayDraw: true, drawColour: '#fff' }),
    { create: nothing, update: nothing, select: nothing, tooSmall: nothing },
  );
  controller.resize(size.width, size.height);
  controller.zoomMiddle(zoom);
  const paint = (): void =>
    paintPassive(context, { shapes, except: selectedKey, rect: controller.rect, ...size, ratio: 1 });
  const show = (): void =>
    layer.render({ shape: controller.active, editable: true, rect: controller.rect, ...size });
  paint();
  show();
  const start = middleOf(controller.rect, shapes[0]!);
  controller.pointer('down', start);
  const drag = await eachFrame(frames, (i) => {
    controller.pointer('move', { x: start.x + 4 + (i % 100), y: start.y + (i % 50) });
    show();
  });
  if (controller.tool.name !== 'select.moving') throw new Error('the drag did not take hold of the box');
  controller.pointer('up', start);
  const pan = await eachFrame(frames, (i) => {
    controller.pan(...panStep(i));
    paint();
    show();
  });
  await layer.dispose();
  passive.remove();
  return { drag, pan };
}

/** Every box an object of one interactive fabric canvas, as its own introduction shows it. */
async function allFabric(count: number, frames: number): Promise<Frames> {
  const canvas = new Canvas(addCanvas(), { ...size, renderOnAddRemove: false });
  const rects = shapesOf(count).map(({ geometry, colour, lineWidth }) => {
    if (geometry.kind !== 'box') throw new Error('only boxes are measured');
    return new Rect({
      left: geometry.x * size.width,
      top: geometry.y * size.height,
      width: geometry.width * size.width,
      height: geometry.height * size.height,
      fill: '',
      stroke: colour,
      strokeWidth: lineWidth,
    });
  });
  canvas.add(...rects);
  canvas.zoomToPoint(new Point(size.width / 2, size.height / 2), zoom);
  const moved = rects[0]!;
  canvas.setActiveObject(moved);
  const { left, top } = moved;
  const drag = await eachFrame(frames, (i) => {
    moved.set({ left: left + (i % 100) / zoom, top: top + (i % 50) / zoom });
    moved.setCoords();
    canvas.renderAll();
  });
  const pan = await eachFrame(frames, (i) => {
    canvas.relativePan(new Point(...panStep(i)));
    canvas.renderAll();
  });
  await canvas.dispose();
  return { drag, pan };
}

/** To and fro, so that the picture never meets its limit. */
function panStep(i: number): [number, number] {
  const direction = Math.floor(i / 20) % 2 === 0 ? 1 : -1;
  return [3 * direction, 2 * direction];
}

/** Runs `work` once before each paint of the browser; the first frames warm up. */
async function eachFrame(frames: number, work: (i: number) => void): Promise<number[]> {
  const times: number[] = [];
  const warmUp = 5;
  for (let i = 0; i < frames + warmUp; i += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const started = performance.now();
    work(i);
    if (i >= warmUp) times.push(performance.now() - started);
  }
  return times;
}

/** Boxes over the whole picture; the first lies in the middle and is smaller than all others. */
function shapesOf(count: number): Shape[] {
  const colours = ['#4fc3f7', '#ffb74d', '#aed581', '#f06292'];
  return Array.from({ length: count }, (_, i) => ({
    key: `localization|1|${i}`,
    geometry: {
      kind: 'box',
      x: i === 0 ? 0.5 : ((i * 0.618) % 1) * 0.95,
      y: i === 0 ? 0.5 : ((i * 0.7548) % 1) * 0.95,
      width: i === 0 ? 0.02 : 0.03,
      height: i === 0 ? 0.02 : 0.04,
    },
    colour: colours[i % colours.length]!,
    lineWidth: 2,
  }));
}

function middleOf(
  rect: { left: number; top: number; width: number; height: number },
  { geometry }: Shape,
): { x: number; y: number } {
  if (geometry.kind !== 'box') throw new Error('only boxes are measured');
  return {
    x: rect.left + (geometry.x + geometry.width / 2) * rect.width,
    y: rect.top + (geometry.y + geometry.height / 2) * rect.height,
  };
}

function addCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [size.width, size.height];
  document.body.append(canvas);
  return canvas;
}

const canvasBench = { layered, allFabric };
(globalThis as unknown as { bench: typeof canvasBench }).bench = canvasBench;
export type CanvasBench = typeof canvasBench;
