// What pointers do in a view: the tool of the main button, the other buttons, the wheel, two fingers.

const WHEEL_STEP = 40;

function toolOf(view, event) {
  if (event.button === 2) return dragging(function (dx, dy, now) { view.zoomBy(Math.exp(-dy / 150)); });
  if (event.button === 1 || event.shiftKey) return dragging(function (dx, dy) { panBy(view, dx, dy); });
  if (app.tool === "length" || app.tool === "angle") return new Measuring(view, app.tool);
  if (app.tool === "window") return dragging(function (dx, dy) { view.dragWindow(dx, dy); });
  if (app.tool === "zoom") return dragging(function (dx, dy) { view.zoomBy(Math.exp(-dy / 150)); });
  if (app.tool === "pan") return dragging(function (dx, dy) { panBy(view, dx, dy); });
  let left = 0;
  return dragging(function (dx, dy) {
    const each = Math.max(2, view.box.clientHeight / Math.max(view.series.frames.length, 40));
    left += dy / each;
    const whole = Math.trunc(left);
    left -= whole;
    if (whole) view.turnTo(view.number + whole);
  });
}

function panBy(view, dx, dy) {
  view.panX += dx;
  view.panY += dy;
  view.draw();
}

function dragging(moved) {
  let last = null;
  return {
    down: function (event) { last = event; },
    move: function (event) {
      moved(event.clientX - last.clientX, event.clientY - last.clientY, event);
      last = event;
    },
    up: function () {},
  };
}

function listen(view) {
  const fingers = new Map();
  let tool = null, wheel = 0;
  view.box.addEventListener("pointerdown", function (event) {
    activate(view);
    if (!view.series) return;
    view.box.focus({ preventScroll: true });
    view.box.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
    tool = fingers.size === 1 ? toolOf(view, event) : null;
    if (tool) tool.down(event);
    event.preventDefault();
  });
  view.box.addEventListener("pointermove", function (event) {
    if (!fingers.has(event.pointerId)) return;
    if (fingers.size === 2) pinch(view, fingers, event);
    fingers.set(event.pointerId, event);
    if (tool) tool.move(event);
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    view.box.addEventListener(name, function (event) {
      fingers.delete(event.pointerId);
      if (tool) tool.up(event);
      tool = null;
    });
  });
  view.box.addEventListener("wheel", function (event) {
    event.preventDefault();
    activate(view);
    if (event.ctrlKey) return view.zoomBy(Math.exp(-event.deltaY / 200), event);
    wheel += event.deltaY * (event.deltaMode ? WHEEL_STEP : 1);
    const whole = Math.trunc(wheel / WHEEL_STEP);
    wheel -= whole * WHEEL_STEP;
    if (whole) step(whole);
  }, { passive: false });
  view.box.addEventListener("contextmenu", function (event) { event.preventDefault(); });
  view.box.addEventListener("dblclick", function () { view.zoom = 1; view.panX = view.panY = 0; view.draw(); });
}

// Two fingers zoom about their middle and move.
function pinch(view, fingers, event) {
  const other = Array.from(fingers.values()).filter(function (each) { return each.pointerId !== event.pointerId; })[0];
  const before = fingers.get(event.pointerId);
  const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
  const now = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
  const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
  panBy(view, (event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  if (was > 10) view.zoomBy(now / was, middle);
}
