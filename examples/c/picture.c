#include "picture.h"

#include "support.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

static unsigned char byte_of(double value)
{
    return (unsigned char)lround(255 * fmin(fmax(value, 0), 1));
}

colour grey(double value)
{
    unsigned char v = byte_of(value);
    return (colour){v, v, v};
}

colour hue(double turn, double saturation, double brightness)
{
    double channel[3];
    for (int i = 0; i < 3; i++) {
        double h = fmod(6 * turn + 6 - 2 * i, 6);
        double level = fmin(fmax(fabs(h > 3 ? 6 - h : h) - 1, 0), 1); /* 0 where the channel is full */
        channel[i] = brightness * (1 - saturation * level);
    }
    return (colour){byte_of(channel[0]), byte_of(channel[1]), byte_of(channel[2])};
}

colour distinct_colour(int i)
{
    const double golden = 0.6180339887498949;
    return hue(fmod(0.03 + i * golden, 1), i % 2 ? 0.55 : 0.85, i % 3 == 2 ? 0.82 : 1);
}

colour signed_colour(double value)
{
    double v = fmin(fabs(value), 1);
    colour full = value < 0 ? (colour){25, 80, 190} : (colour){200, 35, 30};
    return (colour){byte_of(1 - v * (255 - full.r) / 255.0), byte_of(1 - v * (255 - full.g) / 255.0),
                    byte_of(1 - v * (255 - full.b) / 255.0)};
}

static colour *pixel(const picture *p, int x, int y)
{
    return p->pixels + (size_t)y * (size_t)p->width + x;
}

picture picture_create(int width, int height, colour background)
{
    picture p = {width, height, allocate((size_t)width * (size_t)height, sizeof(colour))};
    picture_fill(&p, 0, 0, width, height, background);
    return p;
}

void picture_free(picture *p)
{
    free(p->pixels);
    *p = (picture){0, 0, NULL};
}

picture picture_of_values(const double *values, int width, int height, double low, double high)
{
    picture p = picture_create(width, height, grey(0));
    double range = high > low ? high - low : 1;
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++) p.pixels[i] = grey((values[i] - low) / range);
    return p;
}

picture picture_scaled(const picture *p, int factor)
{
    picture scaled = picture_create(p->width * factor, p->height * factor, grey(0));
    for (int y = 0; y < scaled.height; y++)
        for (int x = 0; x < scaled.width; x++) *pixel(&scaled, x, y) = *pixel(p, x / factor, y / factor);
    return scaled;
}

void picture_paste(picture *to, const picture *from, int x, int y)
{
    for (int v = 0; v < from->height; v++)
        for (int u = 0; u < from->width; u++)
            if (x + u >= 0 && x + u < to->width && y + v >= 0 && y + v < to->height) *pixel(to, x + u, y + v) = *pixel(from, u, v);
}

picture picture_mosaic(const picture *parts, int count, int columns, int gap, colour background)
{
    int rows = (count + columns - 1) / columns;
    int width = parts[0].width + gap, height = parts[0].height + gap;
    picture p = picture_create(columns * width + gap, rows * height + gap, background);
    for (int i = 0; i < count; i++) picture_paste(&p, &parts[i], gap + i % columns * width, gap + i / columns * height);
    return p;
}

void picture_fill(picture *p, int x, int y, int width, int height, colour c)
{
    for (int v = y < 0 ? 0 : y; v < y + height && v < p->height; v++)
        for (int u = x < 0 ? 0 : x; u < x + width && u < p->width; u++) *pixel(p, u, v) = c;
}

/* Mixes a colour into a pixel: cover 0 leaves it, 1 replaces it. */
static void blend(picture *p, int x, int y, double cover, colour c)
{
    if (cover <= 0 || x < 0 || x >= p->width || y < 0 || y >= p->height) return;
    cover = fmin(cover, 1);
    colour *at = pixel(p, x, y);
    at->r = (unsigned char)lround(at->r + cover * (c.r - at->r));
    at->g = (unsigned char)lround(at->g + cover * (c.g - at->g));
    at->b = (unsigned char)lround(at->b + cover * (c.b - at->b));
}

static double distance(double x, double y, double x0, double y0, double x1, double y1)
{
    double dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
    double t = square > 0 ? fmin(fmax(((x - x0) * dx + (y - y0) * dy) / square, 0), 1) : 0;
    return hypot(x - x0 - t * dx, y - y0 - t * dy);
}

void picture_polyline(picture *p, const double *x, const double *y, int count, double width, colour c)
{
    /* Column by column, so that where pieces meet nothing is mixed in twice. */
    double reach = width / 2 + 1;
    for (int u = 0; u < p->width; u++) {
        double low = p->height, high = -1;
        int begin = count, end = -1;
        for (int i = 0; i + 1 < count; i++) {
            if (fmax(x[i], x[i + 1]) < u - reach || fmin(x[i], x[i + 1]) > u + reach) continue;
            if (i < begin) begin = i;
            end = i;
            low = fmin(low, fmin(y[i], y[i + 1]));
            high = fmax(high, fmax(y[i], y[i + 1]));
        }
        for (int v = (int)fmax(floor(low - reach), 0); v <= high + reach && v < p->height; v++) {
            double nearest = INFINITY;
            for (int i = begin; i <= end; i++) nearest = fmin(nearest, distance(u, v, x[i], y[i], x[i + 1], y[i + 1]));
            blend(p, u, v, width / 2 + 0.5 - nearest, c);
        }
    }
}

void picture_line(picture *p, double x0, double y0, double x1, double y1, double width, colour c)
{
    picture_polyline(p, (double[]){x0, x1}, (double[]){y0, y1}, 2, width, c);
}

void picture_dot(picture *p, double x, double y, double radius, colour c)
{
    for (int v = (int)floor(y - radius - 1); v <= y + radius + 1; v++)
        for (int u = (int)floor(x - radius - 1); u <= x + radius + 1; u++) blend(p, u, v, radius + 0.5 - hypot(u - x, v - y), c);
}

void picture_marker(picture *p, double x, double y, double size, colour c)
{
    for (int v = (int)floor(y - size); v <= y; v++)
        for (int u = (int)floor(x - size); u <= x + size; u++) blend(p, u, v, (y - v) / 2 + 0.5 - fabs(u - x), c);
}

picture picture_of_curve(const double *values, int count, int width, int height, colour c)
{
    enum { MARGIN = 12 };
    picture p = picture_create(width, height, grey(1));
    picture_fill(&p, MARGIN - 4, MARGIN - 4, 1, height - 2 * MARGIN + 8, grey(0.6));
    picture_fill(&p, MARGIN - 4, height - MARGIN + 4, width - 2 * MARGIN + 8, 1, grey(0.6));
    if (count < 2) return p;
    double low = values[0], high = values[0];
    for (int i = 1; i < count; i++) {
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    double x0 = 0, y0 = 0;
    for (int i = 0; i < count; i++) {
        double x = MARGIN + (width - 2.0 * MARGIN) * i / (count - 1);
        double part = high > low ? (values[i] - low) / (high - low) : 0;
        double y = height - MARGIN - (height - 2.0 * MARGIN) * part;
        if (i > 0) picture_line(&p, x0, y0, x, y, 1.5, c);
        picture_dot(&p, x, y, 2.5, c);
        x0 = x;
        y0 = y;
    }
    return p;
}

void picture_write(const picture *p, const char *path)
{
    size_t count = (size_t)p->width * (size_t)p->height;
    int is_grey = 1;
    for (size_t i = 0; i < count && is_grey; i++) is_grey = p->pixels[i].r == p->pixels[i].g && p->pixels[i].g == p->pixels[i].b;
    size_t channels = is_grey ? 1 : 3;
    unsigned char *bytes = allocate(count, channels);
    for (size_t i = 0; i < count; i++) memcpy(bytes + i * channels, &p->pixels[i], channels);

    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)p->width;
    image.height = (png_uint_32)p->height;
    image.format = is_grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if (!png_image_write_to_file(&image, path, 0, bytes, 0, NULL)) fail("cannot write %s: %s", path, image.message);
    free(bytes);
}
