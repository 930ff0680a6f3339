/* Small pictures: pixels, mosaics, lines and dots, written as PNG. */
#ifndef PICTURE_H
#define PICTURE_H

typedef struct {
    unsigned char r, g, b;
} colour;

typedef struct {
    int width, height;
    colour *pixels; /* row by row */
} picture;

/* A shade of grey: 0 black, 1 white; values beyond are cut. */
colour grey(double value);

/* A colour by hue (a turn of the circle: 0 to 1), saturation and brightness (0 to 1). */
colour hue(double turn, double saturation, double brightness);

/* Colour number i of a sequence whose neighbours are far apart. */
colour distinct_colour(int i);

/* Blue below 0, white at 0, red above; saturated at -1 and 1. */
colour signed_colour(double value);

picture picture_create(int width, int height, colour background);
void picture_free(picture *p);

/* Grey picture of values[height][width]: low is black, high white. */
picture picture_of_values(const double *values, int width, int height, double low, double high);

/* Every pixel becomes a square of `factor` pixels. */
picture picture_scaled(const picture *p, int factor);

/* Copies `from` into `to`, its upper left corner at (x, y); what lies outside is cut. */
void picture_paste(picture *to, const picture *from, int x, int y);

/* `count` pictures of the same size in `columns` columns, `gap` pixels between and around them. */
picture picture_mosaic(const picture *parts, int count, int columns, int gap, colour background);

/* Smooth drawing: coordinates are in pixels, pixel centres are whole numbers. */
void picture_line(picture *p, double x0, double y0, double x1, double y1, double width, colour c);
void picture_polyline(picture *p, const double *x, const double *y, int count, double width, colour c);
void picture_dot(picture *p, double x, double y, double radius, colour c);

/* A triangle that points down to (x, y). */
void picture_marker(picture *p, double x, double y, double size, colour c);

/* Fills a rectangle. */
void picture_fill(picture *p, int x, int y, int width, int height, colour c);

/* A falling curve through values[count], lowest at the bottom, with a frame. */
picture picture_of_curve(const double *values, int count, int width, int height, colour c);

/* Writes an 8-bit PNG, grey if all pixels are, else RGB. Ends the program with a message if it cannot. */
void picture_write(const picture *p, const char *path);

#endif
